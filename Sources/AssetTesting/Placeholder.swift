enum PlaceholderAssetTesting {}
