import AssetCore
import AssetSQL
import AssetTesting
import OrderedCollections
import Testing

/// The same files, the same questions: both databases answer with the same files.
struct SearchParityTests {
    private static let words = ["blue", "winter", "jacket", "bluebell", "red", "café", "225", "22", "or", "a", "日本"]

    /// Files with some words in each of the places that are searched.
    private static func fill(_ test: TestService, _ random: inout SeededGenerator) async throws {
        let caller = try await test.caller()
        func some(_ count: Int) -> String {
            (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
        }
        for number in 0..<60 {
            let type = ["txt", "jpg", "pdf"].randomElement(using: &random) ?? ""
            let file = try await test.file(
                caller, "\(some(2)) \(number).\(type)", String(repeating: "x", count: number))
            var edit = AssetEdit()
            if Bool.random(using: &random) { edit.title = ["en": some(3), "nl": some(2)] }
            if Bool.random(using: &random) { edit.description = ["en": some(4)] }
            if Bool.random(using: &random) {
                let value: JSON =
                    [
                        .string(some(2)), .int(Int64.random(in: 0..<4, using: &random)),
                        .array([.string(some(1)), "x\u{0}y"]),
                        true,
                    ].randomElement(using: &random) ?? .null
                edit.metadata = [
                    try MetadataName("test.key"): MetadataPatch(type: nil, isLocalized: nil, value: value)
                ]
            }
            _ = try await test.service.update(caller, .gid(file.gid), edit)
        }
    }

    private static func term(_ random: inout SeededGenerator) -> String {
        let sign = ["", "", "+", "-"].randomElement(using: &random) ?? ""
        let count = Int.random(in: 1...3, using: &random)
        let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
        return sign + (count == 1 ? String(text.prefix(Int.random(in: 1...5, using: &random))) : "\"\(text)\"")
    }

    private static func filter(_ random: inout SeededGenerator, depth: Int) -> JSON {
        let leaves: [JSON] = [
            ["type", "is", "image"], ["type", "is", "pdf"], ["filesize", "gt", 20], ["filesize", "between", [5, 30]],
            ["name", "is", "blue winter"], ["name", "q", .string(term(&random))], ["title", "q", "+blu -red"],
            ["description", "q", "caf"], ["metadata", "has", "test.key"], ["metadata", "q", "blu"],
            ["metadata", "is", ["name": "test.key", "value": true]],
            ["metadata", "is", ["name": "test.key", "value": 2]],
            ["is_deleted", "is", false],
        ]
        if depth > 2 || Bool.random(using: &random) { return leaves.randomElement(using: &random) ?? .null }
        let inner = [filter(&random, depth: depth + 1), filter(&random, depth: depth + 1)]
        return [
            ["and", "", .array(inner)] as JSON, ["or", "", .array(inner)], ["not", "", inner[0]],
        ].randomElement(using: &random) ?? .null
    }

    private static func names(_ test: TestService, _ query: SearchQuery) async throws -> Set<String> {
        let (project, now) = (test.demo.project.id, test.service.clock.now())
        return Set(
            try await test.service.catalog.read { tx in
                try tx.assets(try tx.search(query, in: project, now: now)).map(\.name)
            })
    }

    @Test func `random questions find the same files in both databases`() async throws {
        let postgres = try await TestService.make(database: try await TestSchema.make().database())
        let sqlite = try await TestService.make()
        for test in [postgres, sqlite] {
            var random = SeededGenerator(seed: 7)
            try await Self.fill(test, &random)
        }
        var random = SeededGenerator(seed: 8)
        var found = 0
        for _ in 0..<300 {
            let terms = (0..<Int.random(in: 0...3, using: &random)).map { _ in Self.term(&random) }
            let filter = Bool.random(using: &random) ? Self.filter(&random, depth: 0) : .null
            let json: JSON = ["language": "en", "q": .string(terms.joined(separator: " ")), "filter": filter]
            guard let query = try? SearchQuery(parsing: json) else { continue }
            let expected = try await Self.names(sqlite, query)
            #expect(try await Self.names(postgres, query) == expected, "\(json.text)")
            found += expected.count
        }
        #expect(found > 1000, "Questions that find nothing would show nothing")
    }

    /// Limits of PostgreSQL's text vectors that SQLite does not have.
    @Test func `long words and long texts are indexed all the same`() async throws {
        let test = try await TestService.make(database: try await TestSchema.make().database())
        let caller = try await test.caller()
        let file = try await test.file(caller, "long.txt")
        var edit = AssetEdit()
        let long = String(repeating: "x", count: 5000)
        let many = String(repeating: "x ", count: 20_000)
        edit.description = ["en": "first \(long) \(many) zebra lion"]
        _ = try await test.service.update(caller, .gid(file.gid), edit)
        for q in ["+first", "+\(long.prefix(4000))", "+zeb", "+\"zebra lion\""] {
            let query = try SearchQuery(parsing: ["language": "en", "q": .string(q)])
            #expect(try await Self.names(test, query) == ["long.txt"], "\(q.prefix(20))")
        }
    }
}
