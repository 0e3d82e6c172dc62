package import AssetCore
import Foundation
import JWTKit
import Synchronization

/// Issues and verifies JWTs: HS256, signed by a rotating key of the database (project reference 1.5).
///
/// A token names the user only. Whether the user is active and a member is looked up for each request, so that whoever is removed
/// is out at once.
package final class TokenIssuer: Sendable {
    private struct State {
        var keys = JWTKeyCollection()
        var signer: JWKIdentifier?
        var loadedOn: Timestamp?
        /// Headers with tokens that these keys have been found to have signed.
        var known: [String: Verified] = [:]
    }

    private let service: AssetService
    private let state = Mutex(State())
    private static let maximumKnown = 10_000

    /// How long a token is good, in seconds; it is renewed when half of that is used up.
    private static let lifetime = 4.0 * 3600
    /// Keys are read again after this many seconds, and after `hurriedReload` when a token is signed by none of them: another server may
    /// have made a new one.
    private static let reload = 60.0
    private static let hurriedReload = 1.0

    /// A token that is genuine and has not expired.
    struct Verified: Sendable {
        let user: GID
        let text: String
        fileprivate let issuedOn: Date
        fileprivate let expiresOn: Date
    }

    private struct Claims: JWTPayload {
        let sub: SubjectClaim
        let iat: IssuedAtClaim
        let exp: ExpirationClaim

        /// The expiry is checked against the service's clock.
        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    package init(service: AssetService) { self.service = service }

    func issue(for user: GID) async throws -> String {
        try await load()
        let (keys, signer) = state.withLock { ($0.keys, $0.signer) }
        let now = date
        let claims = Claims(
            sub: SubjectClaim(value: user.description), iat: IssuedAtClaim(value: now),
            exp: ExpirationClaim(value: now.addingTimeInterval(Self.lifetime)))
        return try await keys.sign(claims, kid: signer)
    }

    /// - Parameter header: the value of `Authorization`.
    /// - Throws: `unauthenticated`.
    func verify(_ header: String?) async throws -> Verified {
        let denied = AssetError(.unauthenticated, "Permission denied")
        guard let header else { throw denied }
        try await load()
        var (known, keys) = state.withLock { ($0.known[header], $0.keys) }
        if let known {
            guard known.expiresOn > date else { throw denied }
            return known
        }
        let words = header.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw denied }
        let text = String(words[1])
        var claims = try? await keys.verify(text, as: Claims.self)
        if claims == nil {
            try await load(after: Self.hurriedReload)
            let loaded = state.withLock { $0.keys }
            if keys !== loaded {
                keys = loaded
                claims = try? await keys.verify(text, as: Claims.self)
            }
        }
        guard let claims, claims.exp.value > date, let user = GID(claims.sub.value) else { throw denied }
        let verified = Verified(
            user: user, text: text, issuedOn: claims.iat.value, expiresOn: claims.exp.value)
        state.withLock { [keys] state in
            // Unless other keys have been loaded meanwhile. One token may be written with any number of spaces before it; only the
            // usual way is remembered, so that nobody fills the memory with his.
            guard keys === state.keys, header.utf8.count == "Bearer ".utf8.count + text.utf8.count else { return }
            if state.known.count >= Self.maximumKnown { state.known.removeAll() }
            state.known[header] = verified
        }
        return verified
    }

    /// What `verify` would answer, when it knows that without waiting and the token need not be renewed.
    func known(_ header: String?) -> Verified? {
        guard let header else { return nil }
        let (known, loadedOn) = state.withLock { ($0.known[header], $0.loadedOn) }
        guard let known, let loadedOn, service.clock.now() < loadedOn.adding(seconds: Self.reload),
            known.expiresOn > date,
            isYoung(known)
        else { return nil }
        return known
    }

    private func isYoung(_ token: Verified) -> Bool { date.timeIntervalSince(token.issuedOn) < Self.lifetime / 2 }

    /// The token to send back: the same one while it is young.
    func renewed(_ token: Verified) async throws -> String {
        if isYoung(token) { return token.text }
        return try await issue(for: token.user)
    }

    private var date: Date { Date(timeIntervalSince1970: service.clock.now().seconds) }

    /// Reads the keys, unless that was done less than so many seconds ago.
    private func load(after seconds: Double = reload) async throws {
        let now = service.clock.now()
        if let loadedOn = state.withLock({ $0.loadedOn }), now < loadedOn.adding(seconds: seconds) { return }
        let secrets = try await service.signingSecrets()
        let fresh = JWTKeyCollection()
        for secret in secrets {
            await fresh.add(
                hmac: HMACKey(from: secret.secret), digestAlgorithm: .sha256, kid: JWKIdentifier(string: secret.id))
        }
        let signer = secrets.first.map { JWKIdentifier(string: $0.id) }
        state.withLock { $0 = State(keys: fresh, signer: signer, loadedOn: now) }
    }
}
