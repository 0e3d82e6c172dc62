package import AssetCore
import AssetMedia
package import AssetSQL
import AssetSQLite
import Logging
package import NIOCore

/// The whole service on SQLite and bytes in memory, with the demonstration set in it.
package struct TestService: Sendable {
    package let service: AssetService
    package let blobs: MemoryBlobStore
    package let clock: TestClock
    package let renderer: FakeRenderer
    package let demo: DemoSet

    /// - Parameters:
    ///   - settings: limits that differ from the standard ones.
    ///   - database: an empty one; nil for one in memory.
    package static func make(
        settings: ServiceSettings = ServiceSettings(), database: (any SQLDatabase)? = nil
    ) async throws -> TestService {
        var settings = settings
        settings.passwordLogRounds = 4
        let database: any SQLDatabase = if let database { database } else { try SQLiteDatabase.inMemory() }
        settings.stepTime = .seconds(600)
        try await Migrator(database).run()
        let clock = TestClock()
        let blobs = MemoryBlobStore(clock: clock.clock)
        let renderer = FakeRenderer()
        let service = AssetService(
            catalog: SQLCatalog(database), blobs: blobs, media: HeaderInspector(), renderer: renderer,
            secrets: try Secrets(key: [UInt8](repeating: 7, count: 32)), clock: clock.clock, settings: settings)
        return TestService(
            service: service, blobs: blobs, clock: clock, renderer: renderer, demo: try await service.demo())
    }

    /// The API user of the demonstration project.
    package func caller() async throws -> Caller {
        try await service.authenticate(apiKey: demo.apiKey, project: demo.project.gid)
    }

    /// The project's owner, a manager.
    package func owner() async throws -> Caller { try await service.caller(demo.project.owner, in: demo.project.gid) }

    package func folder(_ caller: Caller, _ name: String, in parent: GID? = nil) async throws -> Asset {
        let parent = if let parent { parent } else { try await service.root(caller).asset.gid }
        return try await service.createFolder(caller, in: .gid(parent), named: AssetName(name)).asset.asset
    }

    package func file(
        _ caller: Caller, _ name: String, in parent: GID? = nil, _ text: String = "text"
    ) async throws -> Asset {
        let parent = if let parent { parent } else { try await service.root(caller).asset.gid }
        let name = try AssetName(name)
        let file = try await service.ingest(OneBuffer(ByteBuffer(string: text)), named: name)
        return try await service.addFile(caller, file, named: name, in: .gid(parent)).asset.asset
    }

    /// Works off all jobs that wait.
    package func runJobs() async throws { try await runner().drain() }
}

/// A body of one piece.
package struct OneBuffer: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    private let buffer: ByteBuffer

    package init(_ buffer: ByteBuffer) { self.buffer = buffer }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var buffer: ByteBuffer?

        package mutating func next() async throws -> ByteBuffer? {
            defer { buffer = nil }
            return buffer
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: buffer) }
}
