import AssetCore

/// One numbered step of the schema. A step never changes once it has been released, and speaks SQL only.
struct Migration: Sendable {
    let number: Int64
    let name: String
    /// The oldest version of the schema whose programs can work with this one: its predecessor for a step that only adds what those
    /// need not know, so that servers can be replaced one by one.
    let worksWith: Int64
    let sql: @Sendable (SQLDialect) -> String

    init(number: Int64, name: String, worksWith: Int64? = nil, sql: @escaping @Sendable (SQLDialect) -> String) {
        self.number = number
        self.name = name
        self.worksWith = worksWith ?? number
        self.sql = sql
    }
}

/// Brings a database to the schema of this program.
package struct Migrator: Sendable {
    private let database: any SQLDatabase
    private let migrations: [Migration] = Self.all
    private static let all: [Migration] = [.initial, .projectDialect, .media, .severalServers, .searchMerges]

    /// The number of the last step that this program knows.
    package static var newest: Int64 { all.last?.number ?? 0 }

    package init(_ database: any SQLDatabase) { self.database = database }

    /// What a run would do, or did: the names of the steps.
    package struct Report: Sendable {
        package let applied: [String]
        package let version: Int64
    }

    /// Applies the missing steps, all or none.
    /// - Parameters:
    ///   - isDryRun: only tells what would be done.
    ///   - last: the last step to apply; for tests of an upgrade.
    ///   - inCopy: for the copy that makes this database, which nothing else may use before it is complete.
    /// - Throws: `unavailable` when the database comes from a newer version of the program that this one cannot work with, or is an
    ///   unfinished copy.
    @discardableResult
    package func run(isDryRun: Bool = false, upTo last: Int64 = .max, inCopy: Bool = false) async throws -> Report {
        do {
            return try await apply(isDryRun: isDryRun, upTo: last, inCopy: inCopy)
        } catch let rehearsal as Rehearsal {
            return rehearsal.report
        }
    }

    /// Thrown to undo what a dry run has done.
    private struct Rehearsal: Error {
        let report: Report
    }

    private func apply(isDryRun: Bool, upTo last: Int64, inCopy: Bool) async throws -> Report {
        let migrations = migrations.filter { $0.number <= last }
        return try await database.write { db in
            guard try inCopy || !CopyMark(db: db).exists else {
                throw AssetError(
                    .unavailable, "This database is an unfinished copy: complete it with 'stockroom copy', or empty it")
            }
            try db.executeScript(
                """
                CREATE TABLE IF NOT EXISTS schema_versions (
                    number BIGINT PRIMARY KEY,
                    name TEXT NOT NULL
                )
                """)
            let current = try db.first("SELECT COALESCE(MAX(number), 0) FROM schema_versions", []) { $0.int(0) } ?? 0
            let newest = migrations.last?.number ?? 0
            try Self.check(current, isKnownTo: newest, db)
            let missing = migrations.filter { $0.number > current }
            // Large tables take as long as they take.
            if db.dialect == .postgres { try db.executeScript("SET LOCAL statement_timeout = 0") }
            for migration in missing {
                try db.executeScript(migration.sql(db.dialect))
                try db.execute(
                    "INSERT INTO schema_versions (number, name) VALUES (?, ?)",
                    [.int(migration.number), .text(migration.name)])
            }
            if let last = missing.last, last.number >= Migration.severalServers.number {
                try db.execute(
                    "UPDATE schema_versions SET works_with = ? WHERE number = ?",
                    [.int(last.worksWith), .int(last.number)])
            }
            let report = Report(applied: missing.map(\.name), version: isDryRun ? current : max(current, newest))
            if isDryRun { throw Rehearsal(report: report) }
            return report
        }
    }

    /// A server may find the schema of its successor, while servers are replaced one by one.
    private static func check(_ current: Int64, isKnownTo newest: Int64, _ db: any SQLConnection) throws {
        if current <= newest { return }
        let oldest = try db.first(
            "SELECT COALESCE(works_with, number) FROM schema_versions WHERE number = ?", [.int(current)]
        ) { $0.int(0) }
        if let oldest, newest >= oldest { return }
        throw AssetError(
            .unavailable,
            "The database has schema \(current), this program knows \(newest): run a newer version of stockroom")
    }
}
