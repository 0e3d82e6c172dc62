/// What a caller knew at the beginning of a call may have changed since, on this server or on another.
extension AccountTables {
    /// The project as it is now.
    /// - Throws: `unprocessable` when it is gone.
    func present(_ project: Project) throws -> Project {
        guard let present = try self.project(project.id) else {
            throw AssetError.unprocessable("The project does not exist")
        }
        return present
    }

    /// Asks once more at the end of what takes as long as a client wants.
    /// - Throws: `forbidden` when the caller is no member any more, or has lost the right.
    func recheck(_ caller: Caller, _ needed: Rights) throws {
        guard let member = try member(caller.user.id, of: caller.project.id), member.status == .active,
            member.user.isActive, member.role.rights.isSuperset(of: needed)
        else { throw AssetError(.forbidden, "Your role in this project does not allow this") }
    }
}
