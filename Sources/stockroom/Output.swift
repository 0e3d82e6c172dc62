import ArgumentParser
import AssetCore
import Foundation

/// What commands print: lines for people, or one JSON object.
enum Output {
    /// Written at once, also into a pipe.
    static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    static func result(_ json: JSON, _ text: String, asJSON: Bool) { line(asJSON ? json.text : text) }
}

/// A command that opens the storage, does one thing, and prints its result. Errors of the domain are told in plain words.
protocol StorageCommand: AsyncParsableCommand {
    var storage: StorageOptions { get }
    /// - Returns: the object for `--json`, and the line for people.
    func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String)
}

extension StorageCommand {
    func run() async throws {
        do {
            let configuration = try await ServerConfiguration(storage)
            let (json, text) = try await run(try await Storage.open(configuration), configuration)
            Output.result(json, text, asJSON: storage.json)
        } catch let error as AssetError {
            let message = error.parameter.map { "\($0): \(error.message)" } ?? error.message
            // Whoever runs a command may know why.
            let detail = error.code == .unavailable ? error.detail.map { " (\($0))" } ?? "" : ""
            throw CommandFailure(description: message + detail)
        }
    }
}

/// Printed by the argument parser behind `Error: `.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
}

extension ProjectName: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension JobNumber: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Member.Role: ExpressibleByArgument {}

/// `A-B[,C-D]`: numbers of segments.
struct SegmentRanges: ExpressibleByArgument {
    let ranges: [ClosedRange<Int64>]

    /// What a double can hold exactly: clients in other languages read numbers as doubles.
    private static let largest: Int64 = 1 << 53

    init?(argument: String) {
        var ranges: [ClosedRange<Int64>] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int64(digits: $0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 1,
                first <= last, last <= Self.largest
            else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }
}
