package import AssetCore

extension S3BlobStore: RedirectingBlobStore {
    package func downloadURL(_ location: String, _ headers: DownloadHeaders) -> String? {
        guard let seconds = client.settings.redirectSeconds, S3Location.isLocation(location) else { return nil }
        return client.presignedURL(
            client.settings.prefix + location,
            query: [
                ("response-content-type", headers.contentType),
                ("response-content-disposition", headers.contentDisposition),
                ("response-cache-control", headers.cacheControl),
            ], seconds: seconds)
    }
}
