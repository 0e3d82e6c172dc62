import Foundation

/// A URL as errors show it: without user and password.
struct ShownURL: CustomStringConvertible {
    let description: String

    init(_ url: String) {
        guard let at = url.lastIndex(of: "@") else {
            description = url
            return
        }
        let scheme = url.range(of: "://").map { url[..<$0.upperBound] } ?? ""
        description = scheme + "…" + url[at...]
    }
}
