/// What the servers on one database have in common.
package protocol ServerTables {
    /// Takes or renews what one server does for all, until `until`; answers false while another owner has it.
    func takeDuty(_ name: String, owner: String, now: Timestamp, until: Timestamp) throws -> Bool

    /// A value that all servers share.
    func setting(_ name: String) throws -> String?
    /// - Throws: nothing when it is there already: it stays as it is then.
    func insertSetting(_ name: String, _ value: String) throws

    /// Adds calls of users in an hour since 1970; answers their sums with those of all servers. What was counted for earlier hours goes.
    func addCalls(_ calls: [UserID: Int], hour: Int64) throws -> [UserID: Int]
}
