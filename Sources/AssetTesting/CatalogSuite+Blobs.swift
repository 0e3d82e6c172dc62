import AssetCore
import Testing

extension CatalogSuite {
    func claimBlob(_ set: CatalogSet) async throws {
        let first = CatalogSet.stored()
        let again = CatalogSet.stored(hash: first.hash)
        let row = try await set.write { try $0.claimBlob(first, now: CatalogSet.now) }
        #expect(row == Blob(id: row.id, hash: first.hash, size: 5, location: first.location))
        // The same bytes a second time: the first row stays, the second location goes at once.
        #expect(try await set.write { try $0.claimBlob(again, now: CatalogSet.now) } == row)
        #expect(try await set.read { try $0.blob(row.id) } == row)
        let removable = { try await set.read { try $0.removableLocations(before: CatalogSet.now, limit: 10) } }
        #expect(try await removable() == [again.location])
        try await set.write { try $0.forgetLocations([again.location]) }
        #expect(try await removable() == [])
        // The very same location is no second copy.
        _ = try await set.write { try $0.claimBlob(first, now: CatalogSet.now) }
        #expect(try await removable() == [])
        #expect(try await set.read { try $0.blob(hash: first.hash) } == row)
        #expect(try await set.read { try $0.blob(hash: GID().bytes) } == nil)
        // Bytes that are lost give way to the same ones; of two that come at once, one.
        for (new, stays) in [(again, again), (CatalogSet.stored(hash: first.hash), again)] {
            let claimed = try await set.write {
                try $0.claimBlob(new, replacing: first.location, now: CatalogSet.now)
            }
            #expect(claimed == Blob(id: row.id, hash: first.hash, size: 5, location: stays.location))
            #expect(try await set.read { try $0.blob(row.id) } == claimed)
        }
        #expect(try await removable().contains(first.location))
        #expect(try await removable().count == 2)
        #expect(try await !removable().contains(again.location))
    }

    func releaseBlobs(_ set: CatalogSet) async throws {
        let shared = GID().bytes + GID().bytes
        let first = try await set.file("first", hash: shared)
        let second = try await set.file("second", hash: shared)
        let alone = try await set.file("alone")
        let replaced = try await set.file("replaced")
        let kept = try await set.file("kept")
        let (root, project) = (set.root, set.project.id)
        let blob = { (asset: Asset) in
            let id = try #require(asset.content?.blob)
            return try await set.read { try $0.blob(id) }
        }
        let sharedBlob = try #require(try await blob(first))
        let aloneBlob = try #require(try await blob(alone))
        let replacedBlob = try #require(try await blob(replaced))
        // Drop the copies that are not needed, to look at the rest only.
        try await set.write { tx in
            try tx.forgetLocations(try tx.removableLocations(before: CatalogSet.now.adding(seconds: 1), limit: 10))
            try tx.purge([first.id, alone.id], childrenOf: root, project: project, files: true, now: CatalogSet.now)
            _ = try tx.replaceContent(of: replaced, with: try set.content(tx), keeping: 1, now: CatalogSet.now)
        }
        let later = CatalogSet.now.adding(seconds: 10)
        // Not before the moment at which the reference was lost.
        #expect(try await set.write { try $0.releaseBlobs(before: CatalogSet.now, now: later, limit: 10) } == 0)
        #expect(try await set.write { try $0.releaseBlobs(before: later, now: later, limit: 10) } == 3)
        #expect(try await set.write { try $0.releaseBlobs(before: later, now: later, limit: 10) } == 0)
        #expect(try await blob(alone) == nil)
        #expect(try await blob(replaced) == nil)
        #expect(try await blob(second) == sharedBlob)
        #expect(try await blob(kept) != nil)
        // Their locations wait from now on.
        #expect(try await set.read { try $0.removableLocations(before: later, limit: 10) } == [])
        let removable = try await set.read { try $0.removableLocations(before: later.adding(seconds: 1), limit: 10) }
        #expect(Set(removable) == [aloneBlob.location, replacedBlob.location])
        #expect(try await set.read { try $0.removableLocations(before: later.adding(seconds: 1), limit: 1) }.count == 1)
        // The same bytes again get a new row at their new place.
        let again = try await set.write { tx in
            try tx.claimBlob(CatalogSet.stored(hash: aloneBlob.hash), now: later)
        }
        #expect(again.id != aloneBlob.id)
        #expect(again.location != aloneBlob.location)
        // The last reference goes.
        try await set.write {
            try $0.purge([second.id], childrenOf: root, project: project, files: true, now: later)
        }
        #expect(
            try await set.write { try $0.releaseBlobs(before: later.adding(seconds: 1), now: later, limit: 10) } == 1)
        #expect(try await blob(second) == nil)
    }

    func unknownLocations(_ set: CatalogSet) async throws {
        let known = CatalogSet.stored()
        let copy = CatalogSet.stored(hash: known.hash)
        try await set.write { tx in
            _ = try tx.claimBlob(known, now: CatalogSet.now)
            _ = try tx.claimBlob(copy, now: CatalogSet.now)
        }
        let all = [known.location, "unknown", copy.location]
        #expect(try await set.read { try $0.unknownLocations(among: all) } == ["unknown"])
        #expect(try await set.read { try $0.unknownLocations(among: []) } == [])
    }

    func fileTokens(_ set: CatalogSet) async throws {
        let now = CatalogSet.now
        let end = now.adding(seconds: 60)
        let user = set.user.id
        let blob = try await set.write { tx in
            let blob = try tx.claimBlob(CatalogSet.stored(), now: now)
            try tx.insertFileToken("token", user: user, blob: blob.id, name: "a/b.txt", now: now, expiresOn: end)
            return blob
        }
        let expected = FileToken(token: "token", user: user, blob: blob, name: "a/b.txt")
        #expect(try await set.read { try $0.fileToken("token", user: user, now: now) } == expected)
        #expect(try await set.read { try $0.fileToken("other", user: user, now: now) } == nil)
        #expect(try await set.read { try $0.fileToken("token", user: set.stranger.id, now: now) } == nil)
        #expect(try await set.read { try $0.fileToken("token", user: user, now: end) } == nil)
        // While the token lives, so do the bytes.
        let file = try await set.file("file", hash: blob.hash)
        let (root, project) = (set.root, set.project.id)
        try await set.write {
            try $0.purge([file.id], childrenOf: root, project: project, files: true, now: now)
        }
        #expect(try await set.write { try $0.releaseBlobs(before: end, now: end, limit: 10) } == 1)
        #expect(try await set.read { try $0.blob(blob.id) } == blob)
        #expect(try await set.write { try $0.deleteExpiredFileTokens(now: end.adding(seconds: -1), limit: 10) } == 0)
        #expect(try await set.write { try $0.deleteExpiredFileTokens(now: end, limit: 10) } == 1)
        #expect(try await set.write { try $0.deleteExpiredFileTokens(now: end, limit: 10) } == 0)
        let later = end.adding(seconds: 1)
        #expect(try await set.write { try $0.releaseBlobs(before: later, now: later, limit: 10) } == 1)
        #expect(try await set.read { try $0.blob(blob.id) } == nil)
    }
}
