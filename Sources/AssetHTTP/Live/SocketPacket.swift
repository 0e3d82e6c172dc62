import AssetCore

/// A packet of socket.io, protocol 5, without attachments: `<type>[<namespace>,][<id>][<JSON>]`.
struct SocketPacket: Equatable {
    enum Kind: Character {
        case connect = "0"
        case disconnect = "1"
        case event = "2"
        case ack = "3"
    }

    let kind: Kind
    let namespace: String
    /// Asks for an acknowledgement with the same number.
    let id: Int64?
    /// null when there is none.
    let data: JSON

    /// nil when it is no packet, or one with attachments.
    init?(parsing text: String) {
        guard let first = text.first, let kind = Kind(rawValue: first) else { return nil }
        self.kind = kind
        var rest = text.dropFirst()
        if rest.first == "/" {
            let name = rest.prefix { $0 != "," }
            rest = rest.dropFirst(name.count + 1)
            // What follows a question mark is none of the name.
            namespace = String(name.prefix { $0 != "?" })
        } else {
            namespace = "/"
        }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        if digits.isEmpty {
            id = nil
        } else {
            guard let number = Int64(digits) else { return nil }
            id = number
        }
        if rest.isEmpty {
            data = .null
        } else {
            guard let json = try? JSON(parsing: String(rest)) else { return nil }
            data = json
        }
    }
}
