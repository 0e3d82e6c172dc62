import AssetCore
import Hummingbird
import OrderedCollections

/// A call of the project dialect with its parameters, after the token has been checked.
struct RPCCall: Sendable {
    let service: AssetService
    let live: LiveFeed
    let request: Request
    let context: AppContext
    /// Begins the URLs in the answer.
    let baseURL: String
    let parameters: JSON
    /// Who calls; nil for calls that need no token.
    let user: User?
    /// The project in the path.
    let project: GID?
    /// The user in that project; nil outside of a project.
    let caller: Caller?

    /// The longest list of gids or pathnames that one call may name; a selection may be longer.
    private static let maximumList = 10_000
    /// A pathname takes a look-up for each of its names.
    private static let maximumPathnames = 1000

    func requireUser() throws(AssetError) -> User {
        guard let user else { throw AssetError(.unauthenticated, "Permission denied") }
        return user
    }

    func requireCaller() throws(AssetError) -> Caller {
        guard let caller else { throw AssetError(.unauthenticated, "Permission denied") }
        return caller
    }

    /// A parameter that is there; null counts as absent.
    func value(_ name: String) -> JSON? { parameters[key: name]?.ifNotNull }

    func string(_ name: String) throws(AssetError) -> String {
        guard let value = value(name) else { throw .badParameter(name, "This parameter is required") }
        guard let text = value.stringValue else { throw .badParameter(name, "Expected a string") }
        return text
    }

    /// nil when it is absent.
    func optionalString(_ name: String) throws(AssetError) -> String? { value(name) == nil ? nil : try string(name) }

    /// A name of 1 to 255 bytes.
    func name() throws(AssetError) -> String {
        let name = try string("name")
        guard !name.isEmpty, name.utf8.count <= 255 else { throw .badParameter("name", "Use 1 to 255 bytes") }
        return name
    }

    /// false when it is absent.
    func flag(_ name: String) throws(AssetError) -> Bool {
        guard let value = value(name) else { return false }
        guard let flag = value.boolValue else { throw .badParameter(name, "Expected true or false") }
        return flag
    }

    func gid(_ name: String) throws(AssetError) -> GID { try Self.gid(try string(name), name) }

    func gids(_ name: String) throws(AssetError) -> [GID] {
        var gids: [GID] = []
        for text in try strings(name) { gids.append(try Self.gid(text, name)) }
        return gids
    }

    private func strings(_ name: String, limit: Int = maximumList) throws(AssetError) -> [String] {
        guard let elements = value(name)?.arrayValue else { throw .badParameter(name, "Expected a list") }
        guard elements.count <= limit else { throw .badParameter(name, "More than \(limit) elements") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.stringValue else { throw .badParameter(name, "Expected a list of strings") }
            texts.append(text)
        }
        return texts
    }

    private static func gid(_ text: String, _ name: String) throws(AssetError) -> GID {
        guard let gid = GID(text) else { throw .badParameter(name, "'\(text.prefix(80))' is not a gid") }
        return gid
    }

    /// - Parameter standard: what it is when it is absent; nil when it must be there.
    func integer(
        _ name: String, default standard: Int? = nil, in range: PartialRangeFrom<Int>
    ) throws(AssetError) -> Int {
        guard let value = value(name) else {
            guard let standard else { throw .badParameter(name, "This parameter is required") }
            return standard
        }
        return try Self.integer(value, name, range)
    }

    func integers(_ name: String, in range: PartialRangeFrom<Int>) throws(AssetError) -> [Int] {
        guard let elements = value(name)?.arrayValue, elements.count <= Self.maximumList else {
            throw .badParameter(name, "Expected a list of at most \(Self.maximumList) numbers")
        }
        var numbers: [Int] = []
        for element in elements { numbers.append(try Self.integer(element, name, range)) }
        return numbers
    }

    private static func integer(
        _ value: JSON, _ name: String, _ range: PartialRangeFrom<Int>
    ) throws(AssetError) -> Int {
        guard let number = value.intValue.flatMap(Int.init(exactly:)), range.contains(number) else {
            throw .badParameter(name, "Expected a whole number from \(range.lowerBound) on")
        }
        return number
    }

    /// `page.top`: from 0.
    func pageTop() throws(AssetError) -> Int { try integer("page.top", default: 0, in: 0...) }

    /// `page.size`: from 1; more than 1000 counts as 1000 (project reference 1.10).
    func pageSize(default standard: Int) throws(AssetError) -> Int {
        min(try integer("page.size", default: standard, in: 1...), 1000)
    }

    /// The first of the alternatives, in their documented order, that is there.
    func reference(gid: String, pathname: String) throws(AssetError) -> AssetReference {
        if value(gid) != nil { return .gid(try self.gid(gid)) }
        if value(pathname) != nil {
            return .pathname(try AssetPath(parsing: try string(pathname), parameter: pathname))
        }
        throw .badParameter(gid, "This parameter is required")
    }

    func pathnames(_ name: String) throws(AssetError) -> [AssetReference] {
        var references: [AssetReference] = []
        for text in Set(try strings(name, limit: Self.maximumPathnames)) {
            references.append(.pathname(try AssetPath(parsing: text, parameter: name)))
        }
        return references
    }
}

/// What a call answers: references in `result`, objects in `data` (project reference 1.3).
struct RPCReply: Sendable {
    var result: OrderedDictionary<String, JSON> = [:]
    var data: OrderedDictionary<String, JSON> = [:]
    /// The user for whom a token is sent along, when the call itself established who that is.
    var loggedIn: User?

    init(
        _ result: OrderedDictionary<String, JSON> = [:], data: OrderedDictionary<String, JSON> = [:],
        loggedIn: User? = nil
    ) {
        self.result = result
        self.data = data
        self.loggedIn = loggedIn
    }

    var json: JSON { ["success": true, "result": .object(result), "data": .object(data)] }
}

/// An entry of a call table.
struct RPCEntry: Sendable {
    enum Access: Sendable {
        /// No token is needed.
        case open
        /// Any active user.
        case user
        /// An active member of the project in the path.
        case member
    }

    let access: Access
    /// Whether the body is `multipart/form-data` instead of JSON.
    let isUpload: Bool
    let handle: @Sendable (RPCCall) async throws -> RPCReply

    init(_ access: Access, isUpload: Bool = false, _ handle: @escaping @Sendable (RPCCall) async throws -> RPCReply) {
        self.access = access
        self.isUpload = isUpload
        self.handle = handle
    }
}
