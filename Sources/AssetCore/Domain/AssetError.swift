/// The one error of the domain. Each dialect renders it in its own envelope, in exactly one file.
///
/// `message` is for the caller; `detail` is for the log and never leaves the server.
package struct AssetError: Error, Sendable, CustomStringConvertible {
    /// What went wrong. A dialect maps each code to a status with an exhaustive `switch`.
    package enum Code: String, Sendable, CaseIterable {
        /// A parameter is missing, has the wrong type or a wrong value; `parameter` names it.
        case badParameter
        /// No token, or one that is unknown, expired or withdrawn.
        case unauthenticated
        /// Name, password or key do not belong to an active user.
        case unknownUser
        /// The caller is known but has no right to this.
        case forbidden
        /// The entity does not exist for this caller, or the operation is not allowed on it.
        case unprocessable
        /// A file to download does not exist.
        case fileNotFound
        /// A `selection` or a `page.cursor` cannot be used.
        case badSelection
        /// A value is understood but not acceptable; `parameter` names the field.
        case validation
        /// The invitation was declined, or its user is deactivated in the project.
        case inviteInvalid
        /// A search takes too long.
        case searchFailed
        /// Work on a whole project failed; `parameter` names the work.
        case processFailed
        /// The range that was asked for lies behind the end of the file.
        case rangeNotSatisfiable
        /// The body is larger than the configured limit.
        case tooLarge
        /// The hourly allowance is used up.
        case rateLimited
        /// No such path.
        case notFound
        /// The path exists, the method does not.
        case methodNotAllowed
        /// A call of the reference that this server does not offer.
        case notImplemented
        /// The server is stopping or a component does not answer.
        case unavailable
        /// A bug, or a failure below: only the log has details.
        case internalError
    }

    package let code: Code
    package let message: String
    /// The name of the parameter that is wrong, for `badParameter`.
    package let parameter: String?
    /// For the log only.
    package let detail: String?

    package init(_ code: Code, _ message: String, parameter: String? = nil, detail: String? = nil) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.detail = detail
    }

    /// Whether the operation may have been carried out all the same: what it names must not be cleared away then. Other errors are
    /// refusals.
    package var mayHaveBeenCarriedOut: Bool { code == .internalError || code == .unavailable }

    package static func badParameter(_ name: String, _ message: String) -> AssetError {
        AssetError(.badParameter, message, parameter: name)
    }

    package static func unprocessable(_ message: String) -> AssetError { AssetError(.unprocessable, message) }

    package static func badSelection(_ message: String) -> AssetError { AssetError(.badSelection, message) }

    package static let internalMessage = "Internal server error"

    /// Any error as one of ours: what is not ours becomes `internalError`, with the original kept for the log.
    package init(wrapping error: any Error) {
        if let error = error as? AssetError {
            self = error
        } else {
            self.init(.internalError, Self.internalMessage, detail: String(reflecting: error))
        }
    }

    package var description: String {
        "\(code.rawValue): \(message)" + (parameter.map { " [\($0)]" } ?? "") + (detail.map { " (\($0))" } ?? "")
    }
}
