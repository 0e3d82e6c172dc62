import AssetHTTP
import Hummingbird
import HummingbirdTesting
import Testing

struct HealthTests {
    @Test func `healthz says that the process runs, readyz whether it wants requests`() async throws {
        let health = Health()
        let app = Application(router: buildRouter(service: try await TestServer().service, health: health))
        try await app.test(.router) { client in
            for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
                let answer = try await client.send(.get, path)
                #expect(answer.code == 200 && answer.json == ["status": "\(status)"])
            }
            health.drain()
            let ready = try await client.send(.get, "/readyz")
            #expect(ready.code == 503 && ready.json == ["status": "stopping"])
            #expect(try await client.send(.get, "/healthz").code == 200)
        }
    }

    @Test func `without its database a server runs but wants no requests, and does not say why`() async throws {
        let app = Application(router: buildRouter(service: try BrokenCatalog.service()))
        try await app.test(.router) { client in
            let ready = try await client.send(.get, "/readyz")
            #expect(ready.code == 503 && !ready.text.contains("swordfish"))
            #expect(!ready.json["status"].string.isEmpty && ready.json["status"] != "ready")
            #expect(try await client.send(.get, "/healthz").code == 200)
        }
    }
}
