/// The part of a check that compares the rows of bytes with what the store keeps.
struct ByteCheck {
    let service: AssetService
    let options: CheckOptions

    private static let batch = 500
    /// Looks at the store that are under way at the same time: sizes, and whole files.
    private static let looks = 16
    private static let readings = 4
    /// So many damaged blobs are remembered, in case that a good copy is found.
    private static let maximumMended = 1000
    /// Bytes without a row may belong to an upload that still runs: a day is longer than any.
    private static let orphanSeconds = 24.0 * 3600

    func run(
        _ report: inout DamageReport, progress: (CheckStage, _ done: Int64, _ total: Int64) -> Void
    ) async throws {
        let damaged = try await checkBlobs(&report) { progress(.bytes, $0, $1) }
        try await checkObjects(&report, damaged) { progress(.objects, $0, 0) }
    }

    /// What is wrong with the bytes of a row.
    private struct Finding: Sendable {
        let blob: Blob
        let damage: Damage
        let what: String
    }

    // MARK: Rows and their bytes

    private func checkBlobs(_ report: inout DamageReport, _ progress: (Int64, Int64) -> Void) async throws -> [Blob] {
        let total = try await service.catalog.read { try $0.blobCount() }
        var damaged: [Blob] = []
        var last: BlobID?
        while true {
            let after = last
            let blobs = try await service.catalog.read { try $0.blobs(after: after, limit: Self.batch) }
            guard let first = blobs.first?.id.rawValue, let end = blobs.last?.id else { break }
            let findings = try await look(at: blobs, &report)
            for suspect in findings {
                // It may have been released and removed since its row was read.
                guard try await service.catalog.read({ try $0.blob(suspect.blob.id) }) == suspect.blob,
                    let finding = try await Self.look(at: suspect.blob, in: service.blobs, options)
                else { continue }
                report.add(finding.damage, [try await item(finding)])
                if damaged.count < Self.maximumMended { damaged.append(finding.blob) }
            }
            let window = first...end.rawValue
            let unreferenced = try await service.catalog.read { try $0.unreferencedBlobs(window) }
            report.add(.unreferenced, unreferenced)
            if options.repairs, !unreferenced.isEmpty {
                let ids = unreferenced.map { BlobID(rawValue: $0.number) }
                let now = service.clock.now()
                report.addRepaired(
                    .unreferenced, try await service.catalog.write { try $0.repairUnreferenced(ids, now: now) })
            }
            last = end
            report.blobs += Int64(blobs.count)
            progress(report.blobs, max(total, report.blobs))
        }
        return damaged
    }

    private func item(_ finding: Finding) async throws -> DamagedItem {
        let owner = try await service.catalog.read { try $0.owner(of: finding.blob.id) }
        return DamagedItem(
            number: finding.blob.id.rawValue, gid: owner?.gid, pathname: owner?.pathname,
            what: "\(finding.what) (\(finding.blob.location))")
    }

    private func look(at blobs: [Blob], _ report: inout DamageReport) async throws -> [Finding] {
        let (store, options) = (service.blobs, options)
        let reads = options.readsBytes || !(store is any MeasuringBlobStore)
        if reads { report.bytesRead += blobs.reduce(0) { $0 + $1.size } }
        return try await withThrowingTaskGroup(of: Finding?.self) { group in
            var findings: [Finding] = []
            for (number, blob) in blobs.enumerated() {
                if number >= (reads ? Self.readings : Self.looks), let finding = try await group.next() {
                    if let finding { findings.append(finding) }
                }
                group.addTask { try await Self.look(at: blob, in: store, options) }
            }
            for try await finding in group { if let finding { findings.append(finding) } }
            return findings
        }
    }

    private static func look(
        at blob: Blob, in store: any BlobStore, _ options: CheckOptions
    ) async throws -> Finding? {
        var reads = true
        if let store = store as? any MeasuringBlobStore {
            guard let size = try await store.size(of: blob.location) else {
                return Finding(blob: blob, damage: .missingBytes, what: "the bytes are missing")
            }
            if size != blob.size {
                return Finding(
                    blob: blob, damage: .wrongBytes, what: "\(size) bytes are stored instead of \(blob.size)")
            }
            reads = options.readsBytes
        }
        guard reads else { return nil }
        do {
            if try await store.hash(of: blob.location, size: blob.size) == blob.hash { return nil }
            return Finding(blob: blob, damage: .wrongBytes, what: "other bytes are stored")
        } catch let error as AssetError where error.code == .internalError {
            return Finding(blob: blob, damage: .wrongBytes, what: "the bytes cannot be read")
        }
    }

    // MARK: Bytes without a row

    private func checkObjects(
        _ report: inout DamageReport, _ damaged: [Blob], _ progress: (Int64) -> Void
    ) async throws {
        let now = service.clock.now()
        let moment = now.adding(seconds: -Self.orphanSeconds)
        var damaged = damaged
        var objects: Int64 = 0
        try await service.blobs.forEachBatch { batch in
            try Task.checkCancellation()
            objects += Int64(batch.count)
            progress(objects)
            let locations = batch.map(\.location)
            let unknown = Set(try await service.catalog.read { try $0.unknownLocations(among: locations) })
            for object in batch where unknown.contains(object.location) {
                if options.repairs, !damaged.isEmpty {
                    try await mend(&damaged, with: object.location, &report)
                }
                guard object.storedOn < moment else { continue }
                let hours = (now.microseconds - object.storedOn.microseconds) / 3_600_000_000
                report.add(
                    .orphans, [DamagedItem(number: 0, what: "\(object.location), stored \(hours) hours ago")])
                if options.repairs, let store = service.blobs as? any QuarantiningBlobStore {
                    try await store.quarantine(object.location)
                    report.addRepaired(.orphans, 1)
                }
            }
        }
        report.objects = objects
    }

    /// Bytes that belong to nothing may be those that somebody else misses. They are stored a second time, so that nobody who
    /// removes the orphan takes them away again; what stood in their place is put aside.
    private func mend(_ damaged: inout [Blob], with location: String, _ report: inout DamageReport) async throws {
        guard let store = service.blobs as? any MeasuringBlobStore & QuarantiningBlobStore,
            let size = try await store.size(of: location), damaged.contains(where: { $0.size == size })
        else { return }
        guard let hash = try? await store.hash(of: location, size: size),
            let place = damaged.firstIndex(where: { $0.hash == hash })
        else { return }
        let blob = damaged[place]
        let copy = try await store.copy(location, size: size, to: store)
        guard copy.hash == hash else { return }
        guard try await service.catalog.write({ try $0.repairLocation(of: blob, to: copy.location) }) > 0 else {
            return
        }
        damaged.remove(at: place)
        let isThere = try await store.size(of: blob.location) != nil
        report.addRepaired(isThere ? .wrongBytes : .missingBytes, 1)
        if isThere { try await store.quarantine(blob.location) }
    }
}
