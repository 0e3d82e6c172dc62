import ArgumentParser
import AssetCore
import Foundation

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Manages accounts.", subcommands: [Create.self])

    struct Create: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Creates an account.")
        @OptionGroup var storage: StorageOptions
        @Argument(help: "The account's code: what clients send as X-Auth-AccountId.") var code: String

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            try await service.createAccount(code: code)
            return (["account": .string(code)], "Account '\(code)' created")
        }
    }
}

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Manages users.", subcommands: [Create.self])

    struct Create: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Creates a user with a password and a key.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The account's code.") var account: String
        @Option(help: "The name to log in with; unique on this server.") var username: String
        @Option(help: "An e-mail address.") var email: String?
        @Option(help: "The full name. (default: the username)") var name: String?
        @Flag(help: "A worker sees only the translation jobs assigned to them.") var worker = false
        @Flag(help: "Read the password from the first line of standard input; without this, one is made.")
        var passwordStdin = false

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            let password = passwordStdin ? readLine() ?? "" : String(Secrets.randomKey().prefix(20))
            let (user, key) = try await service.createUser(
                account: account, username: username, email: email, name: name, level: worker ? .worker : .manager,
                password: password)
            return (
                [
                    "gid": JSON(user.gid), "username": .string(username), "password": .string(password),
                    "key": .string(key),
                ],
                """
                User '\(username)' created
                gid       \(user.gid)
                password  \(password)
                key       \(key)
                """
            )
        }
    }
}

struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project", abstract: "Manages projects.", subcommands: [Create.self])

    struct Create: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Creates a project.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The account's code.") var account: String
        @Option(help: "The username of its owner, a manager of the account.") var owner: String
        @Option(help: "The project's name.") var name: String
        @Option(help: "The platform's number: pr7214 is 7214. (default: the next free one)") var number: Int64?
        @Option(help: "Language codes separated by commas; the first is the default.") var languages = "en"

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            let project = try await service.createProject(
                account: account, owner: owner, name: name, number: number,
                languages: languages.split(separator: ",").map(String.init))
            return (
                ["gid": JSON(project.gid), "number": .int(project.number)],
                "Project \(project.number) created\ngid  \(project.gid)"
            )
        }
    }
}

struct MemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member", abstract: "Manages the members of projects.",
        subcommands: [Add.self, Remove.self, Accept.self])

    struct Add: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a member, or changes the role.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "The username.") var user: String
        @Option(help: "member, contributor (no delete) or viewer (read only).") var role: Member.Role

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            try await service.addMember(user, to: project, role: role)
            return (
                ["user": .string(user), "role": .string(role.rawValue)],
                "'\(user)' is now \(role.rawValue) of project \(project)"
            )
        }
    }

    struct Accept: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Accepts an invitation for the invited user.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "The username.") var user: String

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            try await service.acceptInvite(of: user, to: project)
            return (["user": .string(user)], "'\(user)' is now a member of project \(project)")
        }
    }

    struct Remove: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a member.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "The username.") var user: String

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            try await service.removeMember(user, from: project)
            return (["user": .string(user)], "'\(user)' is no member of project \(project) any more")
        }
    }
}

struct APIKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apikey", abstract: "Manages API keys.", subcommands: [Create.self])

    struct Create: StorageCommand {
        static let configuration = CommandConfiguration(abstract: "Creates an API user of a project, with a key.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "What the key is for.") var name: String

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            let (user, key) = try await service.createAPIKey(project: project, name: name)
            return (["user": JSON(user.gid), "apiKey": .string(key)], "API user  \(user.gid)\nAPI key   \(key)")
        }
    }
}
