import AssetCore

extension S3BlobStore: MeasuringBlobStore {
    package func size(of location: String) async throws -> Int64? {
        let key = try key(location)
        return try await translated {
            if let size = try await client.size(of: key) { return size }
            // The answer to HEAD has no body to say whether it is the bucket that is missing. What is listed does not matter: in some
            // stores lists come late.
            _ = try await client.list(key, after: nil, limit: 1)
            return nil
        }
    }
}

extension S3BlobStore: QuarantiningBlobStore {
    package func quarantine(_ location: String) async throws {
        let key = try key(location)
        guard let size = try await size(of: location) else { return }
        try await translated {
            do {
                let aside = client.settings.prefix + S3Location.quarantined(location)
                try await S3Copy(client: client, partSize: copyPart)(key, size: size, to: aside)
                try await client.remove(key)
            } catch let failure as S3Failure where failure.isMissing {
                // Somebody else has moved it.
                guard try await client.size(of: key) == nil else { throw failure }
            }
        }
        cache.forget(location)
    }
}
