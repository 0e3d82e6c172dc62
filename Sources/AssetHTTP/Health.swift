import AssetCore
import HTTPTypes
import Hummingbird
import Synchronization

/// `/healthz` says that the process runs; `/readyz` says whether it should be sent requests: not while it stops, nor while
/// the database does not answer.
package final class Health: Sendable {
    private let isDraining = Atomic(false)

    package init() {}

    /// From now on `/readyz` answers 503, so that a balancer sends no new requests.
    package func drain() { isDraining.store(true, ordering: .relaxed) }

    func mount(_ service: AssetService, in routes: inout RouteTable) {
        routes.mount("/healthz", [.get: { _, _ in Self.answer(.ok, "ok") }])
        routes.mount(
            "/readyz",
            [
                .get: { [self] _, _ in
                    if isDraining.load(ordering: .relaxed) { return Self.answer(.serviceUnavailable, "stopping") }
                    do {
                        _ = try await service.cursors(of: nil)
                        return Self.answer(.ok, "ready")
                    } catch {
                        return Self.answer(.serviceUnavailable, "The database does not answer")
                    }
                }
            ])
    }

    private static func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(status: status, json: ["status": .string(text)])
    }
}
