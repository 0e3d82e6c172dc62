import ArgumentParser
import AssetCore
import Foundation

struct Fsck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck",
        abstract: "Compares rows, counts, names, search index, feeds and stored bytes.",
        discussion: """
            The server may run. Ends with 0 when everything is right, with 1 when damage was found (also when it was \
            repaired), with 2 when the check could not be carried out.

            --repair puts right what can be proved: counts, sizes, the search index, counters of feeds, leases. Stored \
            bytes that have belonged to nothing for a day are moved to 'quarantine' in the blob store; nothing is deleted. \
            Missing or wrong bytes are replaced when the same bytes are found among these, and otherwise only told.
            """)
    @OptionGroup var storage: StorageOptions
    @Flag(help: "Put right what can be proved, and put bytes aside that belong to nothing.") var repair = false
    @Flag(help: "Read all bytes and compare their hashes.") var hashes = false

    func run() async throws {
        do {
            let report = try await check()
            Output.result(Self.json(report), Self.text(report), asJSON: storage.json)
            if !report.isClean { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            FileHandle.standardError.write(Data("Error: \(Self.words(error))\n".utf8))
            throw ExitCode(2)
        }
    }

    private static func words(_ error: any Error) -> String {
        guard let error = error as? AssetError else { return message(for: error) }
        return error.message + (error.detail.map { ": \($0)" } ?? "")
    }

    private func check() async throws -> DamageReport {
        let configuration = try await ServerConfiguration(storage)
        try Storage.requireDatabase(configuration)
        let service = try await Storage.open(configuration, checks: true)
        var options = CheckOptions()
        options.repairs = repair
        options.readsBytes = hashes
        var bar: (stage: CheckStage, bar: ProgressBar)?
        let report = try await service.check(options) { stage, done, total in
            if bar?.stage != stage {
                bar?.bar.end()
                bar = (stage, ProgressBar(stage.rawValue, total: total))
            }
            bar?.bar.show(done)
        }
        bar?.bar.end()
        return report
    }

    private static func json(_ report: DamageReport) -> JSON {
        func entry(_ damage: Damage) -> JSON? {
            guard let entry = report.entries[damage] else { return nil }
            let examples = entry.examples.map { item in
                [
                    "gid": JSON(item.gid?.description), "pathname": JSON(item.pathname), "what": .string(item.what),
                ] as JSON
            }
            return [
                "kind": .string(damage.rawValue), "count": .int(entry.count), "repaired": .int(entry.repaired),
                "examples": .array(examples),
            ]
        }
        return [
            "clean": .bool(report.isClean), "assets": .int(report.assets), "blobs": .int(report.blobs),
            "objects": .int(report.objects), "bytes_read": .int(report.bytesRead),
            "damage": .array(Damage.allCases.compactMap(entry)),
            "unchecked": .array(report.unchecked.map { .string($0.rawValue) }),
        ]
    }

    private static func text(_ report: DamageReport) -> String {
        var lines: [String] = []
        for damage in Damage.allCases {
            guard let entry = report.entries[damage] else { continue }
            let repaired = entry.repaired > 0 ? ", \(entry.repaired) repaired" : ""
            lines.append("\(damage.title): \(entry.count)\(repaired)")
            lines += entry.examples.map { item in
                "  " + [item.gid?.description, item.pathname, item.what].compactMap { $0 }.joined(separator: "  ")
            }
            if entry.count > entry.examples.count { lines.append("  …") }
        }
        for damage in report.unchecked { lines.append("Not checked here: \(damage.rawValue)") }
        let looked = "\(report.assets) assets, \(report.blobs) blobs, \(report.objects) stored objects"
        return (lines + [report.isClean ? "\(looked): all is right" : "\(looked) checked"]).joined(separator: "\n")
    }
}
