// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: see CONTRIBUTING.md, "Compiler settings".
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "stockroom",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "stockroom", targets: ["stockroom"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        .target(
            name: "AssetCore",
            dependencies: [nioCore, logging, serviceLifecycle, crypto, cryptoExtras, collections],
            swiftSettings: settings
        ),
        .target(name: "AssetSQL", dependencies: ["AssetCore", collections], swiftSettings: settings),
        .target(
            name: "AssetSQLite", dependencies: ["AssetCore", "AssetSQL", grdb, grdbSQLite, logging],
            swiftSettings: settings + [.strictMemorySafety()]
        ),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "AssetPostgres",
            dependencies: ["AssetCore", "AssetSQL", "CPostgres", logging, nioPosix, serviceLifecycle],
            swiftSettings: settings + [.strictMemorySafety()]
        ),
        .target(
            name: "AssetBlobs",
            dependencies: ["AssetCore", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, crypto, deque],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CVips", pkgConfig: "vips", providers: [.apt(["libvips-dev"]), .brew(["vips"])]),
        .target(name: "CCage"),
        // Comes with libvips, which uses it too.
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(
            name: "AssetMedia",
            dependencies: ["AssetCore", "CCage", "CJPEG", "CVips", collections, logging, nioCore, nioPosix],
            swiftSettings: settings + [.strictMemorySafety()]
        ),
        .target(
            name: "AssetHTTP",
            dependencies: [
                "AssetCore", hummingbird, hummingbirdCore, httpTypes, jwt, nioCore, nioHTTP1, nioHTTPTypes,
                nioHTTPTypesHTTP1, nioWebSocket, logging, collections, deque,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "stockroom",
            dependencies: [
                "AssetCore", "AssetSQL", "AssetSQLite", "AssetPostgres", "AssetBlobs", "AssetMedia", "AssetHTTP",
                argumentParser, collections, configuration, hummingbird, hummingbirdCore, logging, nioCore,
                serviceLifecycle,
                systemPackage, unixSignals,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "AssetTesting",
            dependencies: [
                "AssetCore", "AssetSQL", "AssetSQLite", "AssetMedia", collections, crypto, logging, nioCore,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AssetBlobsTests",
            dependencies: [
                "AssetBlobs", "AssetCore", "AssetTesting", asyncHTTPClient, nioCore, nioHTTP1, nioPosix,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AssetCoreTests", dependencies: ["AssetCore", "AssetTesting", collections, logging, nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AssetMediaTests",
            dependencies: ["AssetCore", "AssetMedia", "AssetTesting", collections, nioCore, nioPosix],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AssetPostgresTests",
            dependencies: [
                "AssetCore", "AssetPostgres", "AssetSQL", "AssetTesting", collections, logging, nioCore,
                serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AssetSQLiteTests",
            dependencies: ["AssetCore", "AssetSQL", "AssetSQLite", "AssetTesting", grdb, logging, nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "AssetHTTPTests",
            dependencies: [
                "AssetCore", "AssetHTTP", "AssetTesting", collections, hummingbird, hummingbirdTesting, httpTypes,
                nioCore,
                nioEmbedded, nioHTTP1, nioHTTPTypes,
            ],
            swiftSettings: settings
        ),
    ]
)
