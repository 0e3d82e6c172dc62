import AssetCore
import AssetTesting
import NIOCore
import Testing

struct TransformTests {
    private func options(_ pairs: (String, String)...) throws -> TransformOptions {
        try TransformOptions(pairs.map { ($0.0, $0.1) })
    }

    private func storage(_ asset: Asset, _ version: Int64 = 1) -> StorageName {
        StorageName(gid: asset.gid, version: version)
    }

    private func replace(_ test: TestService, _ caller: Caller, _ asset: Asset, _ text: String) async throws {
        let file = try await test.service.ingest(
            OneBuffer(ByteBuffer(string: text)), named: AssetName(asset.name))
        _ = try await test.service.replaceFile(caller, file, of: .gid(asset.gid))
    }

    private func text(_ test: TestService, _ blob: Blob) async throws -> String {
        String(buffer: try await test.blobs.head(blob.location, length: 1000))
    }

    @Test func `name and key are what a rendition is known by`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png")
        let first = try await test.service.transform(
            caller, storage(asset), options(("key", "k"), ("width", "3")), accept: nil
        ).rendition
        let other = try await test.service.transform(
            caller, storage(asset), options(("key", "k"), ("width", "9")), accept: nil
        ).rendition
        #expect(first == other && first.file == "\(asset.gid)@k.jpg" && first.isPublic)
        #expect(test.renderer.recipes.count == 1)
        let forced = try await test.service.transform(
            caller, storage(asset), options(("key", "k"), ("width", "9"), ("force", "true")), accept: nil
        ).rendition
        #expect(forced.file == first.file && forced.blob != first.blob)
        #expect(test.renderer.recipes.last?.resize == .width(9, height: nil))
        // A newer source makes it anew; an older one, that is kept, does not.
        try await replace(test, caller, asset, "newer")
        let newer = try await test.service.transform(caller, storage(asset, 2), options(("key", "k")), accept: nil)
        #expect(newer.rendition.blob != forced.blob && newer.rendition.version == 2)
        let older = try await test.service.transform(caller, storage(asset, 1), options(("key", "k")), accept: nil)
        #expect(older.rendition == newer.rendition)
    }

    @Test func `requests for one rendition at the same time share the work, and its failure`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png")
        for failure in [nil, AssetError.cannotRender("Broken")] {
            test.renderer.fail(with: failure)
            let before = test.renderer.recipes.count
            let wanted = try options(("key", failure == nil ? "good" : "bad"))
            test.renderer.hold()
            let results = await withTaskGroup(of: Result<Rendition, any Error>.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            return .success(
                                try await test.service.transform(caller, storage(asset), wanted, accept: nil).rendition)
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                await test.renderer.arrival()
                test.renderer.letGo()
                var results: [Result<Rendition, any Error>] = []
                for await result in group { results.append(result) }
                return results
            }
            if failure == nil {
                #expect(test.renderer.recipes.count == before + 1)
                #expect(Set(results.map { try? $0.get().blob.id }).count == 1)
            }
            for result in results {
                let code: AssetError.Code?
                if case .failure(let error) = result { code = (error as? AssetError)?.code } else { code = nil }
                #expect(code == failure?.code)
            }
        }
        // A failure leaves nothing behind: no row, no bytes.
        let rows = try await test.service.renditions(of: ProjectName(test.demo.project.gid.description)!, asset: nil)
        #expect(rows.count == 1)
        #expect(test.blobs.locations.count == 2)
    }

    @Test func `two files with the same name and key do not get each other's picture`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let assets = [try await test.file(caller, "a.png", "one"), try await test.file(caller, "b.png", "two")]
        var renditions: [Rendition] = []
        for asset in assets {
            renditions.append(
                try await test.service.transform(
                    caller, storage(asset), options(("name", "seo"), ("key", "k")), accept: nil
                ).rendition)
        }
        #expect(renditions.map(\.file) == ["seo@k.jpg", "seo@k.jpg"])
        #expect(renditions.map(\.hasShortURL) == [true, false])
        let project = test.demo.project.gid
        let short = try await test.service.publicRendition(in: project, "seo@k.jpg", of: nil, revision: nil)
        let long = try await test.service.publicRendition(in: project, "seo@k.jpg", of: assets[1].gid, revision: nil)
        #expect(short.blob == renditions[0].blob && long.blob == renditions[1].blob)
        #expect(short.blob != long.blob)
        // Another project does not have it.
        await #expect(throws: AssetError.self) {
            try await test.service.publicRendition(in: GID(), "seo@k.jpg", of: nil, revision: nil)
        }
    }

    @Test func `what is private again is not delivered, and a transform makes it public again`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png")
        let project = test.demo.project.gid
        let wanted = try options(("key", "k"))
        func codes() async -> [AssetError.Code?] {
            var codes: [AssetError.Code?] = []
            for body in [
                { _ = try await test.service.publicFile(in: project, asset.gid, version: nil) },
                {
                    _ = try await test.service.publicRendition(
                        in: project, "\(asset.gid)@k.jpg", of: nil, revision: nil)
                },
            ] as [() async throws -> Void] {
                do {
                    try await body()
                    codes.append(nil)
                } catch { codes.append((error as? AssetError)?.code) }
            }
            return codes
        }
        _ = try await test.service.transform(caller, storage(asset), wanted, accept: nil)
        #expect(await codes() == [.fileNotFound, nil])
        _ = try await test.service.publish(caller, storage(asset))
        #expect(await codes() == [nil, nil])
        try await test.service.unpublish(caller, storage(asset))
        #expect(await codes() == [.fileNotFound, .fileNotFound])
        _ = try await test.service.transform(caller, storage(asset), wanted, accept: nil)
        #expect(await codes() == [.fileNotFound, nil])
        #expect(test.renderer.recipes.count == 1)
        _ = try await test.service.publish(caller, storage(asset))
        // In the trash nothing is public; out of it, all is as it was.
        _ = try await test.service.delete(caller, .gid(asset.gid))
        #expect(await codes() == [.fileNotFound, .fileNotFound])
        _ = try await test.service.undelete(caller, .gid(asset.gid))
        #expect(await codes() == [nil, nil])
    }

    @Test func `a file that is made private while it is rendered stays private`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png")
        let wanted = try options(("key", "k"))
        test.renderer.hold()
        async let early = test.service.transform(caller, storage(asset), wanted, accept: nil)
        await test.renderer.arrival()
        test.clock.advance(seconds: 1)
        try await test.service.unpublish(caller, storage(asset))
        test.renderer.letGo()
        let rendition = try await early.rendition
        #expect(!rendition.isPublic)
        await #expect(throws: AssetError.self) {
            try await test.service.publicRendition(in: caller.project.gid, rendition.file, of: nil, revision: nil)
        }
        // Who asks afterwards wants it public.
        test.clock.advance(seconds: 1)
        #expect(try await test.service.transform(caller, storage(asset), wanted, accept: nil).rendition.isPublic)
        #expect(test.renderer.recipes.count == 1)
    }

    @Test(arguments: [false, true])
    func `an output of older bytes never takes the place of one of newer bytes`(isForced: Bool) async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png", "older")
        test.renderer.hold()
        let wanted = try isForced ? options(("key", "k"), ("force", "true")) : options(("key", "k"))
        async let slow = test.service.transform(caller, storage(asset), wanted, accept: nil)
        await test.renderer.arrival()
        try await replace(test, caller, asset, "newer")
        async let quick = test.service.transform(caller, storage(asset, 2), wanted, accept: nil)
        await test.renderer.arrival()
        // The newer one first: each is let go by itself.
        test.renderer.letGoLast()
        let newer = try await quick.rendition
        test.renderer.letGo()
        #expect(try await slow.rendition == newer)
        let delivered = try await test.service.publicRendition(
            in: caller.project.gid, newer.file, of: nil, revision: newer.revision)
        #expect(delivered.blob == newer.blob)
        // What was made in vain is not kept: both sources and one output.
        #expect(test.blobs.locations.count == 3)
    }

    @Test func `a version is public only when it was published itself, or is the present one`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png", "wrong")
        try await replace(test, caller, asset, "right")
        let project = caller.project.gid
        func isDelivered(_ version: Int64?) async -> Bool {
            (try? await test.service.publicFile(in: project, asset.gid, version: version)) != nil
        }
        _ = try await test.service.publish(caller, storage(asset, 2))
        #expect(await [isDelivered(nil), isDelivered(2), isDelivered(1)] == [true, true, false])
        try await replace(test, caller, asset, "newest")
        #expect(await [isDelivered(nil), isDelivered(3), isDelivered(2), isDelivered(1)] == [true, true, true, false])
        try await test.service.unpublish(caller, storage(asset, 3))
        #expect(await [isDelivered(nil), isDelivered(3), isDelivered(2)] == [false, false, false])
        // An old version alone.
        _ = try await test.service.publish(caller, storage(asset, 1))
        #expect(
            await [isDelivered(nil), isDelivered(3), isDelivered(2), isDelivered(1)] == [false, false, false, true])
    }

    @Test func `who may only read signs for an hour`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let viewer = Caller(user: caller.user, project: caller.project, rights: .read)
        let asset = try await test.file(caller, "a.png")
        let month = SignedAccess.maximumLifetime
        let now = test.clock.clock.now()
        let long = try await test.service.sign(caller, .gid(asset.gid), seconds: month, previewSize: nil)
        let short = try await test.service.sign(viewer, .gid(asset.gid), seconds: month, previewSize: nil)
        #expect(long.expiresOn == now.adding(seconds: Double(month)))
        #expect(short.expiresOn == now.adding(seconds: 3600))
    }

    @Test func `who may only read gets the address of what is public, and makes nothing public`() async throws {
        let test = try await TestService.make()
        let owner = try await test.caller()
        let viewer = Caller(user: owner.user, project: owner.project, rights: .read)
        let asset = try await test.file(owner, "a.png")
        let wanted = try options(("key", "k"))
        func code(_ body: () async throws -> Void) async -> AssetError.Code? {
            do {
                try await body()
                return nil
            } catch { return (error as? AssetError)?.code }
        }
        #expect(await code { _ = try await test.service.publish(viewer, storage(asset)) } == .forbidden)
        #expect(await code { try await test.service.unpublish(viewer, storage(asset)) } == .forbidden)
        #expect(
            await code { _ = try await test.service.transform(viewer, storage(asset), wanted, accept: nil) }
                == .forbidden)
        #expect(test.renderer.recipes.isEmpty)
        _ = try await test.service.publish(owner, storage(asset))
        _ = try await test.service.transform(owner, storage(asset), wanted, accept: nil)
        #expect(await code { _ = try await test.service.publish(viewer, storage(asset)) } == nil)
        #expect(
            await code { _ = try await test.service.transform(viewer, storage(asset), wanted, accept: nil) } == nil)
        #expect(await code { _ = try await test.service.preview(viewer, storage(asset), size: 64) } == nil)
        let nobody = Caller(user: owner.user, project: owner.project, rights: [])
        #expect(await code { _ = try await test.service.preview(nobody, storage(asset), size: 64) } == .forbidden)
        #expect(await code { _ = try await test.service.mediaInfo(nobody, storage(asset)) } == .forbidden)
    }

    @Test func `the oldest renditions go, and all of them with their source`() async throws {
        var settings = ServiceSettings()
        settings.keptRenditions = 3
        let test = try await TestService.make(settings: settings)
        let caller = try await test.owner()
        let asset = try await test.file(caller, "a.png")
        for index in 0..<5 {
            _ = try await test.service.transform(caller, storage(asset), options(("key", "\(index)")), accept: nil)
        }
        let project = try #require(ProjectName(test.demo.project.gid.description))
        let files = try await test.service.renditions(of: project, asset: asset.gid).map(\.1.file)
        #expect(files == (2..<5).map { "\(asset.gid)@\($0).jpg" })
        _ = try await test.service.delete(caller, .gid(asset.gid))
        _ = try await test.service.permanentDelete(caller, .gid(asset.gid))
        #expect(try await test.service.renditions(of: project, asset: nil).isEmpty)
        // Once for the rows, and once more, when the grace period has passed, for the bytes.
        for _ in 0..<2 {
            test.clock.advance(seconds: 1000)
            try await test.sweeper().sweep()
        }
        #expect(test.blobs.locations.isEmpty)
    }

    @Test func `a file that is purged while it is rendered gets no rendition, and no bytes stay`() async throws {
        let test = try await TestService.make()
        let caller = try await test.owner()
        let asset = try await test.file(caller, "a.png")
        let wanted = try options(("key", "k"))
        test.renderer.hold()
        async let result = test.service.transform(caller, storage(asset), wanted, accept: nil)
        await test.renderer.arrival()
        _ = try await test.service.delete(caller, .gid(asset.gid))
        _ = try await test.service.permanentDelete(caller, .gid(asset.gid))
        test.renderer.letGo()
        do {
            _ = try await result
            Issue.record("rendered")
        } catch { #expect((error as? AssetError)?.code == .unprocessable) }
        for _ in 0..<2 {
            test.clock.advance(seconds: 1000)
            try await test.sweeper().sweep()
        }
        #expect(test.blobs.locations.isEmpty)
    }

    @Test func `a private file is read by whoever has its signature, until it expires`() async throws {
        let test = try await TestService.make()
        let caller = try await test.caller()
        let asset = try await test.file(caller, "a.png", "secret")
        let other = try await test.file(caller, "b.png", "other")
        let signed = try await test.service.sign(caller, .gid(asset.gid), seconds: 60, previewSize: nil)
        #expect(try await text(test, try await test.service.signedFile(signed.token).blob) == "secret")
        func code(_ token: String) async -> AssetError.Code? {
            do {
                _ = try await test.service.signedFile(token)
                return nil
            } catch { return (error as? AssetError)?.code }
        }
        let characters = Array(signed.token)
        for index in characters.indices {
            var changed = characters
            changed[index] = changed[index] == "A" ? "B" : "A"
            #expect(await code(String(changed)) == .fileNotFound, "\(index)")
        }
        for token in ["", "A", String(signed.token.dropLast(4)), signed.token + "AAAA", "%00", "é"] {
            #expect(await code(token) == .fileNotFound, "\(token)")
        }
        let elsewhere = try await TestService.make()
        await #expect(throws: AssetError.self) { try await elsewhere.service.signedFile(signed.token) }
        test.clock.advance(seconds: 59)
        #expect(await code(signed.token) == nil)
        test.clock.advance(seconds: 1)
        #expect(await code(signed.token) == .fileNotFound)
        let later = try await test.service.sign(caller, .gid(other.gid), seconds: 60, previewSize: 128)
        #expect(try await test.service.signedFile(later.token).access.previewSize == 128)
        _ = try await test.service.delete(caller, .gid(other.gid))
        #expect(await code(later.token) == .fileNotFound)
    }
}
