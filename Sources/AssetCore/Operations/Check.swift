/// What a check does besides looking at rows and at the sizes of bytes.
package struct CheckOptions: Sendable {
    /// Puts right what can be proved, and puts aside stored bytes that belong to nothing.
    package var repairs = false
    /// Reads all bytes and compares their SHA-256.
    package var readsBytes = false

    package init() {}
}

/// How far a check is.
package enum CheckStage: String, Sendable {
    case rows = "Checking assets"
    case bytes = "Checking bytes"
    case objects = "Looking for orphans"
}

extension AssetService {
    /// Compares rows, counts, names, search index, feeds and stored bytes. Acts for the administrator of the machine; others may
    /// work meanwhile: what they have under way is not taken for damage.
    ///
    /// Memory does not grow with what is stored: rows and bytes are gone through in the order of their numbers.
    /// - Parameter progress: called with how much is done, of how much; 0 where that is not known.
    package func check(
        _ options: CheckOptions, progress: (CheckStage, _ done: Int64, _ total: Int64) -> Void = { _, _, _ in }
    ) async throws -> DamageReport {
        let rows = RowCheck(service: self, repairs: options.repairs)
        var report = try await rows.run { progress(.rows, $0, $1) }
        let bytes = ByteCheck(service: self, options: options)
        try await bytes.run(&report, progress: progress)
        return report
    }
}

/// The part of a check that the database alone answers.
private struct RowCheck {
    let service: AssetService
    let repairs: Bool

    /// Files with much metadata take up to half a megabyte each while their words are compared.
    private static let windowSize = 500
    private static let assetKinds: [Damage] = [.rules, .parents, .cycles, .names, .counts, .sizes]
    /// A runner takes a job for half a minute.
    private static let longestLease = 3600.0

    func run(_ progress: (_ done: Int64, _ total: Int64) -> Void) async throws -> DamageReport {
        var report = DamageReport()
        report.add(.database, try await service.catalog.read { try $0.databaseDamage() })
        let references = try await service.catalog.read { try $0.referenceDamage() }
        report.add(.references, references.items, count: references.count)
        report.add(.roots, try await service.catalog.read { try $0.rootDamage() })
        try await checkFeeds(&report)
        try await checkLeases(&report)
        try await checkAssets(&report, progress)
        return report
    }

    private func checkFeeds(_ report: inout DamageReport) async throws {
        let items = try await service.catalog.read { try $0.cursorDamage() }
        report.add(.cursors, items)
        for item in items where repairs {
            report.addRepaired(.cursors, try await service.catalog.write { try $0.repairCursor(of: item.number) })
        }
    }

    private func checkLeases(_ report: inout DamageReport) async throws {
        let latest = service.clock.now().adding(seconds: Self.longestLease)
        let items = try await service.catalog.read { try $0.leaseDamage(latest: latest) }
        report.add(.leases, items)
        for item in items where repairs {
            let job = JobID(rawValue: item.number)
            report.addRepaired(
                .leases, try await service.catalog.write { try $0.repairLease(of: job, latest: latest) })
        }
    }

    private func checkAssets(_ report: inout DamageReport, _ progress: (Int64, Int64) -> Void) async throws {
        let total = try await service.catalog.read { try $0.assetCount() }
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let (after, size) = (last, Self.windowSize)
            let window = try await service.catalog.read { try $0.assetWindow(after: after, size: size) }
            // Words may stand behind the last asset.
            let words = window ?? after + 1...Int64.max
            try await checkWords(in: words, &report)
            guard let window else { break }
            for kind in Self.assetKinds {
                let items = try await service.catalog.read { try $0.assetDamage(kind, in: window) }
                report.add(kind, items)
                if repairs { try await repair(kind, items.map { AssetID(rawValue: $0.number) }, &report) }
            }
            last = window.upperBound
            report.assets = min(report.assets + Int64(size), total)
            progress(report.assets, total)
        }
        report.assets = total
    }

    private func repair(_ kind: Damage, _ assets: [AssetID], _ report: inout DamageReport) async throws {
        if assets.isEmpty { return }
        switch kind {
        case .counts:
            report.addRepaired(kind, try await service.catalog.write { try $0.repairCounts(of: assets) })
        case .sizes:
            report.addRepaired(kind, try await service.catalog.write { try $0.repairSizes(of: assets) })
        default: break
        }
    }

    private func checkWords(in window: ClosedRange<Int64>, _ report: inout DamageReport) async throws {
        guard let wrong = try await service.catalog.read({ try $0.searchDamage(in: window) }) else {
            report.unchecked = [.search]
            return
        }
        let items = try await service.catalog.read { try $0.strayWords(in: window) } + wrong
        report.add(.search, items)
        guard repairs, !items.isEmpty else { return }
        let files = items.map { AssetID(rawValue: $0.number) }
        for start in stride(from: 0, to: files.count, by: Self.windowSize) {
            let part = Array(files[start..<min(start + Self.windowSize, files.count)])
            report.addRepaired(.search, try await service.catalog.write { try $0.repairWords(of: part) })
        }
    }
}
