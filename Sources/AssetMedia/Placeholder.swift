package import AssetCore
package import NIOCore
package struct HeaderInspector: MediaEngine {
    package init() {}
    package var headLength: Int { 64 }
    package func inspect(head: ByteBuffer, name: AssetName, size: Int64) async -> MediaInspection {
        MediaInspection(type: name.fileExtension, info: ["format": JSON(name.fileExtension), "filesize": .int(size)])
    }
}
