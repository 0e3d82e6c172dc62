import AssetCore
import OrderedCollections
import Testing

extension CatalogSuite {
    /// The names that a search finds, in order.
    private func found(_ set: CatalogSet, q: String? = nil, filter: JSON? = nil) async throws -> [String] {
        let query = try SearchQuery(parsing: ["language": "en", "q": JSON(q), "filter": filter ?? .null])
        let project = set.project.id
        return try await set.read { tx in
            try tx.assets(try tx.search(query, in: project, now: CatalogSet.now)).map(\.name)
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

    /// More matches than are put into the order of their relevance: those with all terms come first, then the oldest.
    func searchCommonWords(_ set: CatalogSet) async throws {
        let count = 5001
        let folder = try await set.folder("many")
        let draft = try await set.file("first.txt")
        guard let content = draft.content else { return }
        let project = set.project.id
        try await set.write { tx in
            for number in 0..<count {
                _ = try tx.insert(
                    AssetDraft(
                        project: project, parent: folder.id,
                        name: number % 1000 == 999 ? "valve blue \(number).txt" : "valve \(number).txt",
                        content: content, createdOn: CatalogSet.now))
            }
        }
        let blue = [999, 1999, 2999, 3999, 4999]
        let all = try await found(set, q: "+valve blue")
        #expect(all.count == count)
        #expect(Array(all.prefix(7)) == blue.map { "valve blue \($0).txt" } + ["valve 0.txt", "valve 1.txt"])
        #expect(try await found(set, q: "valve").prefix(2) == ["valve 0.txt", "valve 1.txt"])
        #expect(try await found(set, q: "+valve blue -first", filter: ["path", "under", "/many"]) == all)
        #expect(try await found(set, q: "+valve blue -3999").count == count - 1)
        #expect(try await found(set, q: "+valve +blue").count == 5)
        #expect(try await found(set, q: "+valve blue", filter: ["path", "under", "/first"]) == [])
        // A page is what it is of the whole, within those that have all the terms, behind them, and across.
        for (q, filter) in [
            ("+valve blue", JSON.null), ("+valve blue", ["path", "under", "/many"]), ("+valve blue -3999", .null),
            ("valve", .null), ("+valve +blue", .null),
        ] as [(String, JSON)] {
            let query = try SearchQuery(parsing: ["language": "en", "q": .string(q), "filter": filter])
            let pages = [(0, 3), (0, 5), (2, 5), (4, 2), (4999, 10), (5001, 1), (Int.max, 1)]
            try await set.read { tx in
                let all = try tx.search(query, in: project, now: CatalogSet.now)
                for (top, size) in pages {
                    let page = try tx.searchPage(query, in: project, now: CatalogSet.now, top: top, size: size)
                    #expect(page.ids == Array(all.dropFirst(top).prefix(size)), "\(q) \(filter) \(top)")
                    #expect(page.total == Int64(all.count), "\(q) \(filter) \(top)")
                }
            }
        }
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

extension CatalogSuite {
    /// Project reference 7.3, and the properties of our own.
    func searchProperties(_ set: CatalogSet) async throws {
        let folder = try await set.folder("folder")
        let deep = try await set.folder("deep", in: folder)
        let day = 86400.0
        func file(
            _ name: String, in parent: Asset? = nil, info: JSON = [:], size: Int64 = 5, age: Double = 0,
            _ change: @escaping @Sendable (inout Asset) -> Void = { _ in }
        ) async throws {
            try await set.write { tx in
                var content = try set.content(tx)
                content.info = info
                content.size = size
                var asset = try tx.insert(
                    AssetDraft(
                        project: set.project.id, parent: parent?.id ?? set.root, name: name, content: content,
                        createdOn: CatalogSet.now.adding(seconds: -age * day)))
                change(&asset)
                if asset.title != [:] || asset.metadata.text != "{}" || asset.description != [:] {
                    _ = try tx.update(asset, now: CatalogSet.now.adding(seconds: -age * day))
                }
            }
        }
        try await file("plain", info: ["width": 100, "height": 50], size: 1000)
        try await file("old", info: ["width": 400, "pages": 3], size: 2000, age: 10)
        try await file("both", in: folder) { $0.title = ["en": "Blue jacket", "nl": "Blauw jasje"] }
        try await file("dutch", in: deep) {
            $0.title = ["nl": "Rood"]
            $0.description = ["en": "Warm winter jacket"]
        }
        try await file("meta") {
            $0.metadata = .raw(
                #"{"a.code":{"type":"textline","is_localized":false,"value":"EC1"},"#
                    + #""a.flag":{"type":"boolean","is_localized":false,"value":true},"#
                    + #""a.list":{"type":"textlist","is_localized":false,"value":["one","two"]},"#
                    + #""a.size":{"type":"decimal","is_localized":false,"value":2.5},"#
                    + #""a.text":{"type":"textline","is_localized":true,"value":{"en":"green","nl":"groen"}}}"#)
        }
        try await set.write { tx in
            let old = try #require(try tx.child(of: set.root, named: "old"))
            try tx.setStatus(of: old.id, to: .deleted, now: CatalogSet.now.adding(seconds: -10 * day))
        }
        let now = Int64(CatalogSet.now.seconds)
        let rows: [(JSON, Set<String>)] = [
            (["width", "=", 100], ["plain"]), (["width", ">", .double(99.5)], ["plain", "old"]),
            (["width", "<", 400], ["plain"]),
            (["width", "between", [100, 400]], ["plain", "old"]), (["height", "=", 50], ["plain"]),
            (["not", "", ["width", "=", 100]], ["old", "both", "dutch", "meta"]), (["pages", ">", 2], ["old"]),
            (["filesize", ">", 999], ["plain", "old"]), (["filesize", "=", 5], ["both", "dutch", "meta"]),
            (["created_on", "<", [3, "days"]], ["plain", "both", "dutch", "meta"]),
            (["created_on", ">", [3, "days"]], ["old"]), (["updated_on", ">", [.double(9.5), "days"]], ["old"]),
            (["updated_on", "between", [.int(now - 60), .int(now + 60)]], ["plain", "both", "dutch", "meta"]),
            (
                ["created_on", "between", [.double(-1e300), .double(1e300)]], ["plain", "old", "both", "dutch", "meta"]
            ),
            (["title", "q", "blue"], ["both"]), (["title", "q", "blauw"], []),
            (["title", "is", "blue jacket"], ["both"]),
            (["title", "is", "blue jack"], []), (["description", "q", "+winter"], ["dutch"]),
            (["title", "q", "-jacket"], ["plain", "old", "dutch", "meta"]),
            (["validation", "is_empty", "title"], ["plain", "old", "dutch", "meta"]),
            (["validation", "is_empty", "description"], ["plain", "old", "both", "meta"]),
            (["validation", "is_empty"], ["plain", "old", "both", "dutch", "meta"]),
            (["validation", "not_translated", ["title"]], ["dutch"]), (["validation", "not_translated"], ["dutch"]),
            (["validation", "any"], ["dutch"]), (["validation", "any", "description"], []),
            (["is_deleted", "is_true"], ["old"]),
            (["is_deleted", "is_false", nil], ["plain", "both", "dutch", "meta"]),
            (["path", "under", "/"], ["plain", "old", "both", "dutch", "meta"]),
            (["path", "under", "/folder"], ["both", "dutch"]), (["path", "under", "/folder/deep"], ["dutch"]),
            (["path", "under", "/absent"], []), (["path", "under", "/plain"], []),
            (
                ["and", "", [["path", "under", "/folder"], ["not", "", ["path", "under", "/folder/deep"]]]], ["both"]
            ),
            (["metadata", "has", "a.code"], ["meta"]), (["metadata", "has", "a.none"], []),
            (["metadata", "has_not", "a.code"], ["plain", "old", "both", "dutch"]),
            (["metadata", "is", ["a.code", "EC1"]], ["meta"]), (["metadata", "is", ["a.code", "ec1"]], []),
            (["metadata", "is", ["a.list", "two"]], ["meta"]),
            (["metadata", "is", ["a.size", .double(2.5)]], ["meta"]),
            (["metadata", "is", ["a.size", 2]], []), (["metadata", "is_true", "a.flag"], ["meta"]),
            (["metadata", "is_false", "a.flag"], []), (["metadata", "is", ["a.text", "green"]], ["meta"]),
            (["metadata", "is", ["a.text", "groen"]], []), (["metadata", "q", "ec"], ["meta"]),
            (["metadata", "q", "gre"], ["meta"]), (["metadata", "q", "groen"], []),
        ]
        for (filter, names) in rows { #expect(Set(try await found(set, filter: filter)) == names, "\(filter.text)") }
        // The same far down, where the compiler makes named sets.
        for (filter, names) in rows {
            var nested = filter
            for _ in 0..<20 { nested = ["and", "", [nested]] }
            #expect(Set(try await found(set, filter: nested)) == names, "nested \(filter.text)")
        }
        #expect(Set(try await found(set, q: "jacket")) == ["both", "dutch"])
        #expect(try await found(set, q: "EC1") == ["meta"])
    }
}
