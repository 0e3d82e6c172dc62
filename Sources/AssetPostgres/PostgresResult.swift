import AssetSQL
import CPostgres

/// The rows of a statement's answer, all in memory, in PostgreSQL's binary formats.
@safe final class PostgresResult {
    private let pointer: OpaquePointer
    private let types: [Oid]

    /// Type numbers of `pg_type.dat`.
    private enum TypeNumber {
        static let bool: Oid = 16
        static let int8: Oid = 20
        static let int2: Oid = 21
        static let int4: Oid = 23
        static let numeric: Oid = 1700
    }

    /// - Parameter pointer: becomes this object's own.
    init(_ pointer: OpaquePointer) {
        unsafe self.pointer = pointer
        types = unsafe (0..<PQnfields(pointer)).map { unsafe PQftype(pointer, $0) }
    }

    deinit { unsafe PQclear(pointer) }

    /// What was carried out, such as `COMMIT`.
    var command: String { unsafe String(cString: PQcmdStatus(pointer)) }

    var rowCount: Int { Int(unsafe PQntuples(pointer)) }

    /// How many rows the statement changed.
    var changedCount: Int { Int(unsafe String(cString: PQcmdTuples(pointer))) ?? 0 }

    func isNull(_ row: Int, _ column: Int) -> Bool { unsafe PQgetisnull(pointer, CInt(row), CInt(column)) == 1 }

    /// A value's bytes, which stay where they are as long as the result does. The library holds `PQgetlength` bytes there.
    func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        let length = Int(unsafe PQgetlength(pointer, CInt(row), CInt(column)))
        guard length > 0, let start = unsafe PQgetvalue(pointer, CInt(row), CInt(column)) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: length))
    }

    func text(_ row: Int, _ column: Int) -> String {
        let length = Int(unsafe PQgetlength(pointer, CInt(row), CInt(column)))
        guard length > 0, let start = unsafe PQgetvalue(pointer, CInt(row), CInt(column)) else { return "" }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }

    func int(_ row: Int, _ column: Int) -> Int64 {
        let length = Int(unsafe PQgetlength(pointer, CInt(row), CInt(column)))
        guard length > 0, let start = unsafe PQgetvalue(pointer, CInt(row), CInt(column)) else { return 0 }
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: length)
        switch types[column] {
        case TypeNumber.int8: return unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case TypeNumber.int4: return Int64(unsafe Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case TypeNumber.int2: return Int64(unsafe Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        case TypeNumber.bool: return unsafe bytes[0] == 0 ? 0 : 1
        case TypeNumber.numeric: return unsafe Self.numeric([UInt8](bytes))
        default: return Int64(text(row, column)) ?? 0
        }
    }

    /// The whole part of a number such as a sum of counts: digits to the base 10,000, of which the first stands for `weight`.
    private static func numeric(_ bytes: [UInt8]) -> Int64 {
        func field(_ index: Int) -> Int64 {
            Int64(Int16(truncatingIfNeeded: Int(bytes[2 * index]) << 8 | Int(bytes[2 * index + 1])))
        }
        guard bytes.count >= 8 else { return 0 }
        let (count, weight, isNegative) = (Int(field(0)), Int(field(1)), field(2) != 0)
        var value: Int64 = 0
        for place in stride(from: 0, through: weight, by: 1) {
            value = value * 10_000 + (place < count ? field(4 + place) : 0)
        }
        return isNegative ? -value : value
    }
}

struct PostgresRow: SQLRow {
    let result: PostgresResult
    let number: Int

    func isNull(_ column: Int) -> Bool { result.isNull(number, column) }
    func int(_ column: Int) -> Int64 { result.int(number, column) }
    func text(_ column: Int) -> String { result.text(number, column) }
    func blob(_ column: Int) -> [UInt8] { result.bytes(number, column) }
}
