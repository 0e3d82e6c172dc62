import OrderedCollections

/// The languages of a project, and the options that belong to records (project reference 4.4).
extension AssetService {
    /// How many assets a call changes itself; more of them are a job's work.
    private static let inlineLimit: Int64 = 2000

    /// Adds a language at the end of the project's list. Texts begin with the value of the closest language: at once, or in the
    /// background when there are many; answers that job's token.
    /// - Throws: `badParameter` for a code that is not among the server's languages; `unprocessable` when the project has it.
    package func addLanguage(_ caller: Caller, _ language: String) async throws -> (project: Project, job: GID?) {
        let known = Languages.names.contains { $0.code == language }
        return try await changeLanguages(caller, .addLanguage) { project in
            guard known else {
                throw AssetError.badParameter("language", "'\(language.prefix(80))' is not a language of this server")
            }
            guard !project.languages.contains(language) else {
                throw AssetError.unprocessable("The project has this language")
            }
            let source = project.closestLanguage(to: language) ?? language
            project.languages.append(language)
            return LanguageChange(adding: language, from: source)
        }
    }

    /// Removes a language and the values in it. The next one becomes the default when the default goes.
    /// - Throws: `unprocessable` when the project does not have it, or has no other.
    package func removeLanguage(_ caller: Caller, _ language: String) async throws -> (project: Project, job: GID?) {
        try await changeLanguages(caller, .removeLanguage) { project in
            guard let index = project.languages.firstIndex(of: language) else {
                throw AssetError.unprocessable("The project does not have this language")
            }
            guard project.languages.count > 1 else { throw AssetError.unprocessable("This is the only language") }
            project.languages.remove(at: index)
            return LanguageChange(removing: language)
        }
    }

    private func changeLanguages(
        _ caller: Caller, _ kind: Job.Kind, _ body: @escaping @Sendable (inout Project) throws -> LanguageChange
    ) async throws -> (project: Project, job: GID?) {
        try caller.require(JobHandlers.right(for: kind))
        let result = try await catalog.write(.project(caller.project.id)) { [clock] tx -> (Project, GID?) in
            let now = clock.now()
            guard var project = try tx.project(caller.project.id) else {
                throw AssetError.unprocessable("The project does not exist")
            }
            let change = try body(&project)
            try tx.update(project)
            try tx.appendUpdate(of: project)
            var parameters: JSON.Object = ["language": .string(change.language)]
            if let source = change.source { parameters["source"] = .string(source) }
            var job = try tx.insertJob(
                kind, project: project.id, user: caller.user.id, parameters: .object(parameters), isSilent: false,
                now: now)
            // A restore would take texts that change now for changed by somebody.
            guard try !tx.isInRestore(project.id),
                try tx.countDescendants(of: project.root, limit: Self.inlineLimit) < Self.inlineLimit
            else {
                try tx.report(job, in: project)
                return (project, job.token)
            }
            let sweep = LanguageSweep(tx: tx, now: now)
            while try sweep.step(change, &job, in: project, limit: 1000) != nil {}
            try tx.deleteJob(job.id)
            return (project, nil)
        }
        if result.1 != nil { signal.wake() }
        return result
    }

    package func createRecordOption(_ caller: Caller, _ kind: RecordOption.Kind, name: String) async throws -> GID {
        try caller.require(.write)
        let option = RecordOption(gid: GID(), kind: kind, name: name)
        try await catalog.write(.project(caller.project.id)) { tx in
            guard try tx.recordOptions(of: caller.project.id).count < Self.maximumRecordOptions else {
                throw AssetError.unprocessable("The project has \(Self.maximumRecordOptions) of these")
            }
            try tx.insert(option, in: caller.project.id)
            try tx.appendUpdate(of: caller.project)
        }
        return option.gid
    }

    private static let maximumRecordOptions = 1000

    /// - Throws: `unprocessable` when it does not exist, or is the fixed one of the project.
    package func deleteRecordOption(_ caller: Caller, _ kind: RecordOption.Kind, _ gid: GID) async throws {
        try caller.require(.write)
        try await catalog.write(.project(caller.project.id)) { tx in
            guard try tx.deleteRecordOption(gid, kind: kind, in: caller.project.id) else {
                throw AssetError.unprocessable("This \(kind.rawValue) does not exist, or is the project's main one")
            }
            try tx.appendUpdate(of: caller.project)
        }
    }
}

extension ChangeTables {
    /// Tells the members that the project's settings have changed.
    func appendUpdate(of project: Project) throws {
        try append(.update, .projects, key: project.gid.description, data: nil, for: .project(project.id))
    }
}
