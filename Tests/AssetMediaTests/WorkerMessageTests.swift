import AssetCore
import NIOCore
import NIOPosix
import Testing

@testable import AssetMedia

/// What the server and its workers say to each other.
struct WorkerMessageTests {
    private let requests = [75, 75, 80, 75].map { quality in
        var recipe = Recipe(format: .jpg)
        recipe.quality = quality
        return WorkerRequest(
            task: .render(recipe), type: "jpg", limits: RenderLimits(pixels: 1000, frames: 1, output: 1 << 20))
    }

    @Test func `a request is understood, whether or not it is that of before`() throws {
        var sender = LastRequest()
        var receiver = LastRequest()
        for request in requests + [WorkerRequest(task: .examine, type: nil, limits: requests[0].limits)] {
            #expect(receiver.request(from: try sender.message(for: request)[...]) == request)
        }
    }

    @Test func `what is not a request is none, also after one`() throws {
        var receiver = LastRequest()
        let message = try WorkerMessage.encode(requests[0])
        #expect(receiver.request(from: ascii("{}")[...]) == nil)
        #expect(receiver.request(from: message[...]) == requests[0])
        #expect(receiver.request(from: message.dropLast()) == nil)
        #expect(receiver.request(from: message[...]) == requests[0])
    }

    @Test(arguments: [0, 1, 512 << 10, 1_300_000])
    func `a scratch file is read as it was written`(_ size: Int) async throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let body = try await NIOThreadPool.singleton.runIfActive {
            let file = try ScratchFile(in: "/tmp")
            try file.append(.init(bytes: content))
            return file.body(on: .singleton)
        }
        var read: [UInt8] = []
        for try await piece in body { read += piece.readableBytesView }
        #expect(read == content)
    }
}
