import AssetCore

/// The parameters of whoever follows the feeds.
enum FeedParameters {
    /// Seconds that a long poll may wait.
    static let maximumWait = 60

    /// nil when it is absent.
    static func project(_ parameters: JSON) throws(AssetError) -> GID? {
        guard let value = parameters[key: "project"]?.ifNotNull else { return nil }
        guard let text = value.stringValue, let gid = GID(text) else {
            throw .badParameter("project", "Expected a gid")
        }
        return gid
    }

    /// A whole number from 0 on; nil when it is absent.
    static func cursor(_ parameters: JSON, _ name: String) throws(AssetError) -> Int64? {
        guard let value = parameters[key: name]?.ifNotNull else { return nil }
        guard let cursor = value.intValue, cursor >= 0 else {
            throw .badParameter(name, "Expected a whole number from 0 on")
        }
        return cursor
    }
}
