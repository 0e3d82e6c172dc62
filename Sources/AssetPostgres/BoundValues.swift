import AssetSQL
import CPostgres

/// Values of a statement as the library takes them: binary, one after the other.
struct BoundValues {
    private(set) var types: [Oid] = []
    private var bytes: [UInt8] = []
    private var places: [Int?] = []
    private var lengths: [CInt] = []

    /// Type numbers of `pg_type.dat`. The type of a NULL is left to the statement.
    private enum TypeNumber {
        static let unknown: Oid = 0
        static let bytea: Oid = 17
        static let int8: Oid = 20
        static let text: Oid = 25
    }

    init(_ values: [SQLValue]) {
        types.reserveCapacity(values.count)
        places.reserveCapacity(values.count)
        lengths.reserveCapacity(values.count)
        for value in values {
            let start = bytes.count
            switch value {
            case .null: types.append(TypeNumber.unknown)
            case .int(let number):
                types.append(TypeNumber.int8)
                let number = UInt64(bitPattern: number)
                for shift in stride(from: 56, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: number >> shift))
                }
            case .text(let text):
                types.append(TypeNumber.text)
                bytes.append(contentsOf: text.utf8)
            case .blob(let blob):
                types.append(TypeNumber.bytea)
                bytes.append(contentsOf: blob)
            }
            places.append(value == .null ? nil : start)
            lengths.append(CInt(bytes.count - start))
        }
        // A pointer to the end of an empty array would be nil, and nil means NULL.
        bytes.append(0)
    }

    var count: CInt { CInt(places.count) }

    /// - Parameter body: gets pointers that are good until it returns: values, lengths and formats.
    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> Value
    ) -> Value {
        let formats = [CInt](repeating: 1, count: places.count)
        return unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            // Every place lies within `bytes`.
            let values = unsafe places.map { place in unsafe place.flatMap { unsafe start?.advanced(by: $0) } }
            return unsafe values.withUnsafeBufferPointer { values in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}
