/// The rotating keys that sign JWTs.
extension AssetService {
    /// A signing key in clear.
    package struct SigningSecret: Sendable, CustomStringConvertible {
        package let id: String
        package let secret: String

        package var description: String { "SigningSecret(\(id), <redacted>)" }
    }

    /// A new key signs after this many seconds; an old one verifies for twice as long.
    private static let rotation = 30.0 * 24 * 3600

    /// The keys that verify, the one that signs first; makes a new one when the newest is older than 30 days.
    package func signingSecrets() async throws -> [SigningSecret] {
        let now = clock.now()
        var keys = try await catalog.read { try $0.signingKeys() }
        if keys.first.map({ $0.createdOn < now.adding(seconds: -Self.rotation) }) ?? true {
            keys = try await catalog.write { [secrets] tx in
                let known = try tx.signingKeys()
                if let newest = known.first, newest.createdOn >= now.adding(seconds: -Self.rotation) { return known }
                try tx.deleteSigningKeys(createdBefore: now.adding(seconds: -2 * Self.rotation))
                try tx.insertSigningKey(
                    SigningKey(
                        id: GID().description, sealed: try secrets.seal(Secrets.randomKey()), createdOn: now))
                return try tx.signingKeys()
            }
        }
        return try keys.map { SigningSecret(id: $0.id, secret: try secrets.unseal($0.sealed)) }
    }
}
