extension AssetService {
    private static let secretSetting = "secret_fingerprint"

    /// All servers on a database need the same secret: with another one this server could read none of the stored keys, and would sign
    /// what the others refuse. The first one to ask sets it.
    /// - Throws: `unavailable`.
    package func checkSecret() async throws {
        let fingerprint = secrets.fingerprint
        var known = try await catalog.read { try $0.setting(Self.secretSetting) }
        if known == nil {
            known = try await catalog.write(.rows) { tx in
                try tx.insertSetting(Self.secretSetting, fingerprint)
                return try tx.setting(Self.secretSetting)
            }
        }
        guard known == fingerprint else {
            throw AssetError(
                .unavailable,
                """
                This server's secret is not the one of the database: give every server the same STOCKROOM_SECRET, or the same \
                secret.key in its data folder
                """)
        }
    }
}
