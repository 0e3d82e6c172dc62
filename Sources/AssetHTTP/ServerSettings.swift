/// What the web layer can be told.
package struct ServerSettings: Sendable {
    /// The address under which clients reach the server, without a slash at the end, for the URLs that it hands out; nil takes the
    /// `Host` header of each request.
    package var publicURL: String?
    /// Calls an hour for each user of the segment dialect; nil = no limit (segment reference 1.5).
    package var rateLimit: Int?
    /// The largest JSON body, in bytes.
    package var maximumJSON = 16 << 20

    package init() {}
}

/// The version of this program.
package let stockroomVersion = "0.1.0"
