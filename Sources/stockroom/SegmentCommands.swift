import ArgumentParser
import AssetCore

struct DocumentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document", abstract: "Manages documents of the translation platform.", subcommands: [Add.self])

    struct Add: StorageCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a document with its segments, or more segments of it.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "The document's number.") var document: Int64
        @Option(help: "Segment numbers: A-B[,C-D].") var segments: SegmentRanges
        @Flag(help: "It is a Flex document.") var flex = false

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            let all = try await service.addDocument(document, project: project, segments: segments.ranges, isFlex: flex)
            let count = all.reduce(Int64(0)) { $0 + $1.upperBound - $1.lowerBound + 1 }
            return (
                ["document": .int(document), "segments": .int(count)],
                "Document \(document) has \(count) segments"
            )
        }
    }
}

struct JobScopeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobscope", abstract: "Manages translation jobs.", subcommands: [Add.self])

    struct Add: StorageCommand {
        static let configuration = CommandConfiguration(
            abstract: "Registers a translation job, or changes it, and assigns it to a user.")
        @OptionGroup var storage: StorageOptions
        @Option(help: "The project's gid or number.") var project: ProjectName
        @Option(help: "The job: s773 for Standard job 773, c2002 for Codyt job 2002.") var job: JobNumber
        @Option(help: "The document's number.") var document: Int64
        @Option(help: "Segment numbers: A-B[,C-D]. (default: all of the document)") var segments: SegmentRanges?
        @Option(help: "The username of the worker.") var assignee: String

        func run(_ service: AssetService, _ configuration: ServerConfiguration) async throws -> (JSON, String) {
            try await service.addJobScope(
                job, project: project, document: document, ranges: segments?.ranges, assignee: assignee)
            return (["job": .string(job.description)], "Job \(job) is assigned to '\(assignee)'")
        }
    }
}
