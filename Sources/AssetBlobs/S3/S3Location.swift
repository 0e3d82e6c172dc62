import AssetCore

/// How locations look: `ab/` and 32 random hex digits that begin with `ab`.
enum S3Location {
    static func new() -> String {
        let name = Secrets.hex(Secrets.randomBytes(16))
        return "\(name.prefix(2))/\(name)"
    }

    /// Where bytes lie that have been put aside: no location, so that nothing takes them for a blob.
    static func quarantined(_ location: String) -> String { quarantine + location.dropFirst(3) }

    static func isQuarantined(_ text: String) -> Bool {
        guard text.hasPrefix(quarantine) else { return false }
        let name = text.dropFirst(quarantine.count)
        return isLocation("\(name.prefix(2))/\(name)")
    }

    private static let quarantine = "quarantine/"

    /// Locations come from the database: whatever else may stand there, it must not lead to another object.
    static func isLocation(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 35, bytes[2] == UInt8(ascii: "/"), bytes[0..<2] == bytes[3..<5] else { return false }
        return bytes[3...].allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
