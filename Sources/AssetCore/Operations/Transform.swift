/// Outputs that are made of files (project reference 11.4).
extension AssetService {
    /// Makes a public rendition, or finds the one that is there: name and key are what it is known by, whatever the other options
    /// say, as long as it is not older than the version that is asked for.
    ///
    /// Requests for one rendition at the same time share the work.
    /// - Parameter accept: the `Accept` header of the call, for the type `auto`.
    /// - Throws: `unprocessable` when the file or the version does not exist, or the file is deleted; `processFailed` when it
    ///   cannot be rendered; `rateLimited` when too many wait; `badParameter` for a name that is too long.
    package func transform(
        _ caller: Caller, _ storage: StorageName, _ options: TransformOptions, accept: String?
    ) async throws -> (source: StoredFile, rendition: Rendition) {
        try caller.require(.read)
        let began = clock.now()
        let source = try await catalog.lookUp { try $0.storedFile(storage, in: caller.project) }
        var recipe = options.recipe
        let standard = OutputFormat(source: source.content.type)
        recipe.format =
            switch options.type {
            case .source: standard
            case .auto: accept.flatMap(OutputFormat.init(accepting:)) ?? standard
            case .fixed(let format): format
            }
        let file = try options.fileName(of: storage.gid, recipe.format)
        let wanted = RenditionRequest(source: source, file: file, recipe: recipe, publicSince: began)
        if !options.isForced, let known = try await catalog.lookUp({ try $0.rendition(for: wanted) }), known.isPublic {
            return (source, known)
        }
        try caller.require(.write)
        // Nobody shares what is forced: it is asked for because the one that is there, or being made, is not wanted.
        if options.isForced { return (source, try await make(wanted, isForced: true)) }
        let rendition = try await renditionsInWork.share(wanted) { try await make(wanted, isForced: false) }
        // Who began this work may have done so before the file was made private, and this caller after it.
        if rendition.isPublic { return (source, rendition) }
        return (
            source, try await catalog.write(.project(caller.project.id)) { try $0.madePublic(rendition, for: wanted) }
        )
    }

    /// A picture of a file that fits a square; kept like other renditions, and private.
    /// - Throws: as `transform`, but not `processFailed`.
    package func preview(_ caller: Caller, _ storage: StorageName, size: Int) async throws -> Preview {
        try caller.require(.read)
        return try await preview(
            try await catalog.lookUp { try $0.storedFile(storage, in: caller.project) }, size: size)
    }

    /// The same for a file that the caller has been let through to.
    package func preview(_ source: StoredFile, size: Int) async throws -> Preview {
        var recipe = Recipe(format: .webp)
        recipe.resize = .fit(width: size, height: size)
        recipe.isCanvasTight = true
        recipe.quality = 80
        // No name that a client gives is without an '@'.
        let wanted = RenditionRequest(source: source, file: "preview-\(size).webp", recipe: recipe, publicSince: nil)
        if let known = try await catalog.lookUp({ try $0.rendition(for: wanted) }), known.version == source.version {
            return .picture(known)
        }
        do {
            return .picture(try await renditionsInWork.share(wanted) { try await make(wanted, isForced: false) })
        } catch let error as AssetError where error.code == .processFailed {
            return .none(AssetName(stored: source.asset.name))
        }
    }

    private func make(_ wanted: RenditionRequest, isForced: Bool) async throws -> Rendition {
        let project = wanted.source.asset.project
        if !isForced {
            // One that was made meanwhile, or that is private since the file was made private.
            if let known = try await catalog.lookUp({ try $0.rendition(for: wanted) }) {
                if known.isPublic || wanted.publicSince == nil { return known }
                return try await catalog.write(.project(project)) { try $0.madePublic(known, for: wanted) }
            }
        }
        guard let renderer else { throw AssetError.cannotRender("There is nothing here to render with") }
        let blob = try await catalog.lookUp { try $0.requireBlob(wanted.source.content.blob) }
        let rendering = try await renderer.render(
            MediaSource(blob: blob, type: wanted.source.content.type), wanted.recipe, in: blobs)
        do {
            let lost = await lostTwin(of: rendering.stored)
            let saved = try await catalog.write(.project(project)) { [clock, settings] tx in
                let now = clock.now()
                guard try tx.asset(wanted.source.asset.id) != nil else {
                    throw AssetError.unprocessable("The asset does not exist")
                }
                // Other bytes came while this was made, and an output of theirs: that one stays.
                if wanted.source.isNewest, let newer = try tx.rendition(of: wanted.source.asset.id, file: wanted.file),
                    newer.version > wanted.source.version
                {
                    return newer
                }
                let output = try tx.claimBlob(rendering.stored, replacing: lost, now: now)
                return try tx.saveRendition(
                    RenditionDraft(
                        asset: wanted.source.asset.id, project: project, file: wanted.file,
                        isPublic: try tx.mayBePublic(wanted), version: wanted.source.version, blob: output.id,
                        format: wanted.recipe.format, width: rendering.width, height: rendering.height),
                    keeping: settings.keptRenditions, now: now)
            }
            // Not needed: another rendition stays, or the same bytes are there already.
            if saved.blob.location != rendering.stored.location { try? await blobs.remove(rendering.stored.location) }
            return saved
        } catch let error as AssetError where !error.mayHaveBeenCarriedOut {
            try? await blobs.remove(rendering.stored.location)
            throw error
        }
    }
}

/// What stands for a file in a list.
package enum Preview: Sendable {
    case picture(Rendition)
    /// There is no picture of a file of this name.
    case none(AssetName)
}

/// A rendition that is wanted; equal requests are one piece of work.
struct RenditionRequest: Sendable, Hashable {
    let source: StoredFile
    let file: String
    let recipe: Recipe
    /// When somebody asked for it to be public; nil for what is private.
    let publicSince: Timestamp?

    static func == (left: RenditionRequest, right: RenditionRequest) -> Bool {
        left.source.asset.id == right.source.asset.id && left.file == right.file
            && left.source.version == right.source.version
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(source.asset.id)
        hasher.combine(file)
        hasher.combine(source.version)
    }
}

extension MediaTables {
    /// Whether nobody has made the file private since it was asked for.
    fileprivate func mayBePublic(_ wanted: RenditionRequest) throws -> Bool {
        guard let moment = wanted.publicSince else { return false }
        return try !wasMadePrivate(wanted.source.asset.id, since: moment)
    }

    fileprivate func madePublic(_ rendition: Rendition, for wanted: RenditionRequest) throws -> Rendition {
        guard !rendition.isPublic, try mayBePublic(wanted) else { return rendition }
        try makePublic(rendition, project: wanted.source.asset.project)
        return try self.rendition(of: rendition.asset, file: rendition.file) ?? rendition
    }

    /// The one that is there, unless it was made from an older version.
    fileprivate func rendition(for wanted: RenditionRequest) throws -> Rendition? {
        guard let known = try rendition(of: wanted.source.asset.id, file: wanted.file),
            known.version >= wanted.source.version
        else { return nil }
        return known
    }
}

extension AssetError {
    /// A source that no output can be made of.
    package static func cannotRender(_ message: String, detail: String? = nil) -> AssetError {
        AssetError(.processFailed, message, parameter: "transform", detail: detail)
    }
}
