import AssetCore
import Foundation

/// What the server asks a worker to do with the file whose descriptor comes along; the output goes to a second one.
struct WorkerRequest: Codable, Equatable {
    enum Task: Codable, Equatable {
        case render(Recipe)
        case examine
    }

    let task: Task
    /// What the first bytes of the file show.
    let type: String?
    let limits: RenderLimits
}

enum WorkerReply: Codable {
    case rendered(width: Int, height: Int)
    case examined(MediaFacts)
    case failed(RenderFailure)
}

/// Messages are one datagram each.
enum WorkerMessage {
    static let maximumSize = 192 << 10

    static func encode(_ message: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(message)) }

    static func decode<Message: Decodable>(_ bytes: some Collection<UInt8>) throws -> Message {
        try JSONDecoder().decode(Message.self, from: Data(bytes))
    }
}

/// The request before, and its message: one of many files often asks for the same as the last.
struct LastRequest {
    private var request: WorkerRequest?
    private var message: [UInt8] = []

    mutating func message(for request: WorkerRequest) throws -> [UInt8] {
        if request != self.request {
            message = try WorkerMessage.encode(request)
            self.request = request
        }
        return message
    }

    /// - Returns: nil when it cannot be read
    mutating func request(from message: ArraySlice<UInt8>) -> WorkerRequest? {
        if request == nil || !message.elementsEqual(self.message) {
            request = try? WorkerMessage.decode(message)
            self.message = Array(message)
        }
        return request
    }
}
