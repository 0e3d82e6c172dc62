import AssetCore
import HTTPTypes
import Hummingbird
import Synchronization

/// `/healthz` says that the process runs; `/readyz` says whether it should be sent requests.
package final class Health: Sendable {
    private let isDraining = Atomic(false)

    package init() {}

    /// From now on `/readyz` answers 503, so that a balancer sends no new requests.
    package func drain() { isDraining.store(true, ordering: .relaxed) }

    func mount(in routes: inout RouteTable) {
        routes.mount("/healthz", [.get: { _, _ in Self.answer(.ok, "ok") }])
        routes.mount(
            "/readyz",
            [
                .get: { [self] _, _ in
                    isDraining.load(ordering: .relaxed)
                        ? Self.answer(.serviceUnavailable, "stopping") : Self.answer(.ok, "ready")
                }
            ])
    }

    private static func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(status: status, json: ["status": .string(text)])
    }
}
