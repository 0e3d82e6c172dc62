import AssetCore
import Testing

extension CatalogSuite {
    /// The names that a search finds, in order.
    private func found(_ set: CatalogSet, q: String? = nil, filter: JSON? = nil) async throws -> [String] {
        let query = try SearchQuery(parsing: ["language": "en", "q": JSON(q), "filter": filter ?? .null])
        let project = set.project.id
        return try await set.read { tx in
            try tx.assets(try tx.search(query, in: project, now: .init(microseconds: 0))).map(\.name)
        }
    }

    func searchTerms(_ set: CatalogSet) async throws {
        for name in ["cms 225.txt", "cms 300.txt", "print 225.txt", "other.txt"] { _ = try await set.file(name) }
        let rows: [(String, Set<String>)] = [
            ("+cms", ["cms 225.txt", "cms 300.txt"]),
            ("+cms +225", ["cms 225.txt"]),
            ("+cms 225", ["cms 225.txt", "cms 300.txt"]),
            ("+cms -225", ["cms 300.txt"]),
            ("cms 225", ["cms 225.txt", "cms 300.txt", "print 225.txt"]),
            ("cms 225 -print", ["cms 225.txt", "cms 300.txt"]),
            ("-cms", ["print 225.txt", "other.txt"]),
            ("-cms -other", ["print 225.txt"]),
            ("+cms -cms", []),
            ("+absent cms", []),
            ("absent cms", ["cms 225.txt", "cms 300.txt"]),
            ("absent", []),
            ("", []),
            ("+ - \"\" !", []),
        ]
        for (q, names) in rows { #expect(Set(try await found(set, q: q)) == names, "\(q)") }
    }

    func searchWords(_ set: CatalogSet) async throws {
        let names = ["Crème Brûlée.txt", "blue-winter_jacket.txt", "winter blue.txt", "日本語.txt", "AND OR NOT.txt"]
        for name in names { _ = try await set.file(name) }
        let rows: [(String, Set<String>)] = [
            ("creme", [names[0]]), ("CRÈME", [names[0]]), ("brul", [names[0]]), ("rul", []),
            ("jack", [names[1]]), ("+winter +blu", [names[1], names[2]]),
            ("\"winter jacket\"", [names[1]]), ("\"blue winter\"", [names[1]]), ("\"winter blu\"", []),
            ("+\"winter blue\"", [names[2]]), ("-\"winter blue\" winter", [names[1]]), ("\"winter blue", [names[2]]),
            ("blue-winter", [names[1]]), ("本", [names[3]]), ("日本", [names[3]]),
            ("and", [names[4]]), ("+AND +NOT", [names[4]]), ("name:winter", []), ("win*", [names[1], names[2]]),
            ("(winter)", [names[1], names[2]]), ("winter')--", [names[1], names[2]]),
            ("^winter", [names[1], names[2]]),
        ]
        for (q, names) in rows { #expect(Set(try await found(set, q: q)) == names, "\(q)") }
    }

    func searchFilters(_ set: CatalogSet) async throws {
        let types: [(String, String?)] = [
            ("photo one.jpg", "jpg"), ("drawing one.svg", "svg"), ("paper one.pdf", "pdf"), ("text two.txt", "txt"),
            ("bare two", nil),
        ]
        for (name, type) in types { _ = try await set.file(name, type: type) }
        _ = try await set.folder("folder one")
        let (photo, drawing, paper, text, bare) = (types[0].0, types[1].0, types[2].0, types[3].0, types[4].0)
        let all: Set<String> = [photo, drawing, paper, text, bare]
        let image: JSON = ["type", "is", "image"]
        let one: JSON = ["name", "is", "one"]
        let rows: [(JSON, Set<String>)] = [
            (image, [photo, drawing]),
            (["type", "is", "file"], [paper, text, bare]),
            (["type", "is", "pdf"], [paper]),
            (["type", "is", "PDF"], [paper]),
            (["type", "is", "absent"], []),
            (one, [photo, drawing, paper]),
            (["name", "is", "one pdf"], [paper]),
            (["name", "is", "on"], []),
            (["name", "is", ""], []),
            (["name", "q", "on"], [photo, drawing, paper]),
            (["name", "q", "+two -text"], [bare]),
            (["name", "q", "-one"], [text, bare]),
            (["name", "q", ""], all),
            (["and", "", [image, one]], [photo, drawing]),
            (["or", "", [image, ["name", "is", "two"]]], [photo, drawing, text, bare]),
            (["not", "", image], [paper, text, bare]),
            (["not", "", ["not", "", image]], [photo, drawing]),
            (["and", "", []], all),
            (["or", "", []], []),
            (["not", "", ["and", "", []]], []),
            (["not", "", ["or", "", []]], all),
            (["or", "", [["and", "", []], image]], all),
            (["and", "", [["or", "", []], image]], []),
            (
                ["and", "", [["not", "", image], ["or", "", [["name", "is", "paper"], ["name", "is", "bare"]]]]],
                [paper, bare]
            ),
            (["not", "", ["name", "is", "one"]], [text, bare]),
            (["not", "", ["type", "is", "pdf"]], [photo, drawing, text, bare]),
        ]
        for (filter, names) in rows { #expect(Set(try await found(set, filter: filter)) == names, "\(filter.text)") }
        // With `q`, both must hold.
        #expect(Set(try await found(set, q: "one", filter: image)) == [photo, drawing])
        #expect(Set(try await found(set, q: "-one", filter: ["type", "is", "file"])) == [text, bare])
        #expect(Set(try await found(set, q: "+two", filter: ["not", "", ["name", "is", "text"]])) == [bare])
        // The largest filters that are accepted.
        let many = JSON.array((0..<998).map { ["type", "is", .string("t\($0)")] } + [image])
        #expect(Set(try await found(set, filter: ["or", "", many])) == [photo, drawing])
        let none = JSON.array((0..<998).map { ["not", "", ["type", "is", .string("t\($0)")]] }.prefix(499) + [image])
        #expect(Set(try await found(set, filter: ["and", "", none])) == [photo, drawing])
        var deep = image
        for _ in 1..<SearchFilter.maximumDepth { deep = ["not", "", deep] }
        #expect(Set(try await found(set, filter: deep)) == [paper, text, bare])
    }

    func searchOrder(_ set: CatalogSet) async throws {
        // Common words, so that the rare ones weigh what they should.
        for number in 0..<20 { _ = try await set.file("filler \(number).txt") }
        let one = try await set.file("winter report sheet.txt")
        let two = try await set.file("winter jacket sheet.txt")
        let three = try await set.file("winter jacket blue.txt")
        #expect(try await found(set, q: "winter jacket blue") == [three.name, two.name, one.name])
        // Required first of all, plain ones for the order.
        #expect(try await found(set, q: "+winter blue").first == three.name)
        // Equally relevant: by id, so that pages are stable.
        #expect(try await found(set, q: "filler") == (0..<20).map { "filler \($0).txt" })
        #expect(try await found(set, filter: ["name", "is", "winter"]) == [one.name, two.name, three.name])
    }

    func searchBounds(_ set: CatalogSet) async throws {
        let mine = try await set.file("needle mine.txt")
        _ = try await set.folder("needle folder")
        let (other, root) = (set.strangeProject.id, set.strangeProject.root)
        let theirs = try await set.write { tx in
            try tx.insert(
                AssetDraft(
                    project: other, parent: root, name: "needle theirs.txt", content: try set.content(tx),
                    createdOn: CatalogSet.now))
        }
        #expect(try await found(set, q: "needle") == [mine.name])
        #expect(try await found(set, q: "-absent") == [mine.name])
        #expect(try await found(set, filter: ["type", "is", "txt"]) == [mine.name])
        let query = try SearchQuery(parsing: ["language": "en", "q": "needle"])
        #expect(try await set.read { try $0.search(query, in: other, now: .init(microseconds: 0)) } == [theirs.id])
        // What is in the trash is found.
        try await set.write { try $0.setStatus(of: mine.id, to: .deleted, now: CatalogSet.now) }
        #expect(try await found(set, q: "needle") == [mine.name])
    }
}
