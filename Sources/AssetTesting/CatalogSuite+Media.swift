import AssetCore
import Testing

extension CatalogSuite {
    func publicFiles(_ set: CatalogSet) async throws {
        let one = try await set.file("one")
        let other = try await set.file("other")
        #expect(try await set.read { try $0.isPublic(one.id) } == false)
        let now = CatalogSet.now
        for _ in 0..<2 {
            try await set.write { try $0.makePublic(one.id, version: 2, isNewest: true, now: now) }
        }
        // An old version alone.
        try await set.write { try $0.makePublic(other.id, version: 1, isNewest: false, now: now) }
        let versions = {
            try await set.read { tx in
                try [(one, Int64(1)), (one, 2), (other, 1)].map { try tx.isPublic($0.0.id, version: $0.1) }
            }
        }
        #expect(try await versions() == [false, true, true])
        let saved = try await set.write {
            try $0.saveRendition(draft(of: one, "a@1.png", tx: $0, set), keeping: 9, now: CatalogSet.now)
        }
        #expect(saved.isPublic)
        #expect(try await set.read { try $0.isPublic(one.id) })
        #expect(try await set.read { try $0.isPublic(other.id) } == false)
        #expect(try await set.read { try $0.wasMadePrivate(one.id, since: now) } == false)
        try await set.write { try $0.makePrivate(one.id, now: now.adding(seconds: 5)) }
        #expect(try await versions() == [false, false, true])
        #expect(try await set.read { try $0.wasMadePrivate(one.id, since: now.adding(seconds: 4)) })
        #expect(try await set.read { try $0.wasMadePrivate(one.id, since: now.adding(seconds: 5)) } == false)
        #expect(try await set.read { try $0.wasMadePrivate(other.id, since: now) } == false)
        #expect(try await set.read { try $0.isPublic(one.id) } == false)
        #expect(try await set.read { try $0.rendition(of: one.id, file: "a@1.png") }?.isPublic == false)
        try await set.write { try $0.makePublic(saved, project: set.project.id) }
        #expect(try await set.read { try $0.rendition(of: one.id, file: "a@1.png") } == saved)
        // The file itself is another matter.
        #expect(try await set.read { try $0.isPublic(one.id) } == false)
    }

    func renditions(_ set: CatalogSet) async throws {
        let one = try await set.file("one")
        let other = try await set.file("other")
        let save = { (asset: Asset, file: String, kept: Int, seconds: Double) in
            try await set.write { tx in
                try tx.saveRendition(
                    draft(of: asset, file, tx: tx, set), keeping: kept, now: CatalogSet.now.adding(seconds: seconds))
            }
        }
        let first = try await save(one, "a@1.png", 9, 0)
        #expect(first.hasShortURL && first.width == 7 && first.height == 5 && first.format == .png)
        #expect(first.version == 1 && first.createdOn == CatalogSet.now)
        #expect(try await set.read { try $0.blob(first.blob.id) } == first.blob)
        // The same name again: in its place, with its URL.
        let again = try await save(one, "a@1.png", 9, 1)
        #expect(again.hasShortURL && again.blob != first.blob)
        // Another file's rendition of that name has a longer URL, also when it is the only public one.
        let twin = try await save(other, "a@1.png", 9, 2)
        #expect(!twin.hasShortURL)
        #expect(try await set.read { try $0.shortRendition(in: set.project.id, file: "a@1.png") } == again)
        #expect(try await set.read { try $0.shortRendition(in: set.strangeProject.id, file: "a@1.png") } == nil)
        #expect(try await set.read { try $0.rendition(of: other.id, file: "a@1.png") } == twin)

        for index in 2...5 { _ = try await save(one, "a@\(index).png", 3, Double(index)) }
        let files = { (asset: Asset?, after: (AssetID, String)?, limit: Int) in
            try await set.read { tx in
                try tx.renditions(
                    in: set.project.id, of: asset?.id, after: after.map { ($0.0, $0.1) }, limit: limit
                ).map(\.file)
            }
        }
        // The oldest have gone.
        #expect(try await files(one, nil, 10) == ["a@3.png", "a@4.png", "a@5.png"])
        #expect(try await files(one, nil, 2) == ["a@3.png", "a@4.png"])
        #expect(try await files(one, (one.id, "a@4.png"), 10) == ["a@5.png"])
        #expect(try await files(nil, (one.id, "a@5.png"), 10) == ["a@1.png"])
        #expect(
            try await set.read { try $0.renditions(in: set.strangeProject.id, of: nil, after: nil, limit: 10) } == [])
        // What went leaves its short URL to others.
        let free = try await save(other, "a@2.png", 9, 9)
        #expect(free.hasShortURL)
    }

    /// The bytes of a rendition are kept for as long as it is there, and go with it or with its source.
    func renditionBlobs(_ set: CatalogSet) async throws {
        let file = try await set.file("one")
        let save = { (name: String, kept: Int) in
            try await set.write { tx in
                try tx.saveRendition(draft(of: file, name, tx: tx, set), keeping: kept, now: CatalogSet.now)
            }
        }
        let replaced = try await save("a@1.png", 9)
        let pruned = try await save("a@1.png", 9)
        let kept = try await save("a@2.png", 1)
        // Bytes that a file had too: they lose that reference, and keep the one of the rendition.
        let twin = try await set.file("twin")
        let twinBlob = try #require(twin.content?.blob)
        let same = try await set.write { tx in
            let draft = RenditionDraft(
                asset: file.id, project: set.project.id, file: "a@3.png", isPublic: true, version: 1, blob: twinBlob,
                format: .png, width: 7, height: 5)
            try tx.purge(
                [twin.id], childrenOf: set.root, project: set.project.id, files: true, now: CatalogSet.now)
            return try tx.saveRendition(draft, keeping: 2, now: CatalogSet.now)
        }
        let later = CatalogSet.now.adding(seconds: 10)
        let left = {
            try await set.write { _ = try $0.releaseBlobs(before: later, now: later, limit: 100) }
            return try await set.read { tx in
                try [replaced, pruned, kept, same].map { try tx.blob($0.blob.id) != nil }
            }
        }
        #expect(try await left() == [false, false, true, true])
        try await set.write { tx in
            try tx.purge(
                [file.id], childrenOf: set.root, project: set.project.id, files: true, now: CatalogSet.now)
        }
        #expect(try await set.read { try $0.rendition(of: file.id, file: "a@2.png") } == nil)
        #expect(try await left() == [false, false, false, false])
    }

    func examinations(_ set: CatalogSet) async throws {
        let project = set.project.id
        let root = set.root
        let add = { (name: String, seconds: Double) in
            try await set.write { tx in
                var content = try set.content(tx, type: "png")
                content.awaitsExamination = true
                return try tx.insert(
                    AssetDraft(
                        project: project, parent: root, name: name, content: content,
                        createdOn: CatalogSet.now.adding(seconds: seconds)))
            }
        }
        let second = try await add("second", 2)
        let first = try await add("first", 1)
        let plain = try await set.file("plain")
        let waiting = { try await set.read { try $0.examinations(limit: 10) } }
        #expect(try await waiting() == [first.id, second.id])
        #expect(try await set.read { try $0.examinations(limit: 1) } == [first.id])
        #expect(
            try await set.read { tx in try [first, plain].map { try tx.awaitsExamination($0.id) } } == [true, false])
        for attempt in 1...2 { #expect(try await set.write { try $0.beginExamination(of: first.id) } == attempt) }
        try await set.write { try $0.undoExaminationAttempt(of: first.id) }
        #expect(try await set.write { try $0.beginExamination(of: first.id) } == 2)

        // Other bytes wait again, or not any more.
        try await set.write { tx in
            var content = try set.content(tx, type: "png")
            content.awaitsExamination = true
            _ = try tx.replaceContent(of: first, with: content, keeping: 1, now: CatalogSet.now.adding(seconds: 3))
            _ = try tx.replaceContent(of: second, with: try set.content(tx), keeping: 1, now: CatalogSet.now)
        }
        #expect(try await waiting() == [first.id])
        #expect(try await set.write { try $0.beginExamination(of: first.id) } == 1)

        try await set.write { tx in
            try tx.setInfo(of: first.id, to: ["width": 4])
            try tx.endExamination(of: first.id)
        }
        #expect(try await waiting() == [])
        #expect(try await set.asset(first)?.content?.info == .raw(#"{"width":4}"#))
        // They go with their file.
        let gone = try await add("gone", 1)
        try await set.write { tx in
            try tx.purge([gone.id], childrenOf: root, project: project, files: true, now: CatalogSet.now)
        }
        #expect(try await waiting() == [])
    }

    private func draft(
        of asset: Asset, _ file: String, tx: any CatalogTransaction, _ set: CatalogSet
    ) throws -> RenditionDraft {
        RenditionDraft(
            asset: asset.id, project: set.project.id, file: file, isPublic: true, version: 1,
            blob: try set.content(tx).blob, format: .png, width: 7, height: 5)
    }
}
