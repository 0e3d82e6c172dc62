import AssetCore
import OrderedCollections

/// Reads what `ffprobe` tells of video and audio.
enum MovieExaminer {
    static let arguments = ["-show_format", "-show_streams", "-of", "json"]

    /// - Parameter output: a JSON object with `format` and `streams`.
    static func facts(_ output: [UInt8]) -> MediaFacts {
        guard let json = try? JSON(parsing: output), let streams = json[key: "streams"]?.arrayValue, !streams.isEmpty
        else { return .broken }
        var facts = MediaFacts()
        if let format = json[key: "format"] {
            note(format, "duration", as: "media:duration", in: &facts)
            note(format, "bit_rate", as: "media:bit_rate", in: &facts)
            for (name, text) in format[key: "tags"]?.objectValue ?? [:] {
                if let text = text.stringValue { facts.note("media:\(name)", text) }
            }
        }
        for stream in streams {
            guard let kind = stream[key: "codec_type"]?.stringValue, kind == "video" || kind == "audio" else {
                continue
            }
            // A cover is no film.
            if stream[key: "disposition"]?[key: "attached_pic"]?.intValue == 1 { continue }
            note(stream, "codec_name", as: "\(kind):codec", in: &facts)
            note(stream, "avg_frame_rate", as: "\(kind):frame_rate", in: &facts)
            note(stream, "sample_rate", as: "\(kind):sample_rate", in: &facts)
            if kind == "video", facts.width == nil {
                facts.width = stream[key: "width"]?.intValue.map { Int($0) }
                facts.height = stream[key: "height"]?.intValue.map { Int($0) }
                facts.animated = true
            }
        }
        return facts
    }

    private static func note(_ json: JSON, _ key: String, as name: String, in facts: inout MediaFacts) {
        let value = json[key: key]
        if let text = value?.stringValue ?? value?.intValue.map(String.init), text != "0/0" { facts.note(name, text) }
    }
}
