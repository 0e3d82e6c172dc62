import Hummingbird

/// What the web layer can be told.
package struct ServerSettings: Sendable {
    /// The address under which clients reach the server, without a slash at the end, for the URLs that it hands out; nil takes the
    /// `Host` header of each request.
    package var publicURL: String?
    /// Calls an hour for each user of the segment dialect; nil = no limit (segment reference 1.5).
    package var rateLimit: Int?
    /// Begins the path of `X-Accel-Redirect`, by which a front server is told to send the bytes; nil = this server sends them.
    package var accelRedirect: String?
    /// The largest JSON body, in bytes.
    package var maximumJSON = 16 << 20

    /// How many connections may stay open at the same time to hear of changes, unless the administrator says otherwise.
    package static let standardLiveConnections = 10_000

    package init() {}

    /// Begins the URLs that are handed out in the answer to a request; without a slash at the end.
    func baseURL(of request: Request) -> String {
        if let publicURL { return publicURL }
        // What the client names as the host: part of a URL only when it looks like one.
        let host = request.head.authority ?? ""
        return "http://\(!host.isEmpty && host.utf8.allSatisfy(Self.isPartOfHost) ? host : "localhost")"
    }

    private static func isPartOfHost(_ byte: UInt8) -> Bool {
        switch Character(Unicode.Scalar(byte)) {
        case "a"..."z", "A"..."Z", "0"..."9", ".", ":", "-", "_", "[", "]": true
        default: false
        }
    }
}

/// The version of this program.
package let stockroomVersion = "0.1.0"
