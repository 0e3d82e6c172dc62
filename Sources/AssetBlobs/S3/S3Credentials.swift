/// Who signs. Printed without the secrets.
struct S3Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let keyID: String
    let secret: String
    /// Of temporary credentials.
    let sessionToken: String?

    var description: String { "S3Credentials(\(keyID), redacted)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["keyID": keyID]) }
}
