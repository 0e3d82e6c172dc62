import AssetCore
import AssetTesting
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import OrderedCollections
import Testing

@testable import AssetHTTP

/// The description of the API says what the router knows, no more and no less.
struct OpenAPITests {
    @Test func `every call of the tables is described, and no other`() {
        for (prefix, calls, documents) in OpenAPIDocument.tables {
            #expect(Set(calls.keys) == Set(documents.keys), "\(prefix)")
        }
    }

    @Test func `every other path of the router is described with its methods, and no other`() async throws {
        let test = try await TestService.make()
        let routes = routeTable(test.service, ServerSettings(), Health())
        var mounted: Set<String> = []
        // Connections that stay open have protocols of their own.
        let live: Set = ["/sync/io", "/sync/events"]
        for (path, handlers) in routes.paths where !path.hasSuffix("**") && !live.contains(path) {
            // HEAD is a GET without its body.
            for method in handlers.keys where method != .head { mounted.insert("\(method.rawValue) \(path)") }
        }
        var described: Set<String> = []
        for (path, operations) in RESTDocuments.all {
            for method in operations.keys { described.insert("\(method.uppercased()) \(path)") }
        }
        #expect(mounted == described)
        // What stands behind the wildcards are the call tables.
        let wildcards = routes.paths.map(\.path).filter { $0.hasSuffix("**") && !$0.hasPrefix(RPCMedia.root) }
        #expect(Set(wildcards.map { String($0.dropLast(2)) }) == Set(OpenAPIDocument.tables.map(\.prefix)))
    }

    @Test func `it is served, and names every path`() async throws {
        let test = try await TestService.make()
        let app = Application(router: buildRouter(service: test.service))
        try await app.test(.router) { client in
            let response = try await client.send(.get, "/openapi.json")
            #expect(response.status == .ok)
            let paths = response.json["paths"].object.keys
            let calls = OpenAPIDocument.tables.reduce(0) { $0 + $1.calls.count }
            #expect(paths.count == calls + RESTDocuments.all.count + 1)
            #expect(response.json["openapi"] == "3.1.0")
        }
    }
}
