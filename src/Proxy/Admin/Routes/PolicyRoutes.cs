using System.Text;
using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Policy;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>Policy: what is in force, drafts, and publishing, which takes a second person.</summary>
internal sealed class PolicyRoutes(PolicyLibrary library, ICluster cluster) : IAdminRoutes
{
    /// <summary>Of a difference, in the audit: characters.</summary>
    private const int AuditedDiff = 16 << 10;

    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/policies", AdminRole.Viewer, ListAsync).Says("What is in force: files of this node, and policies of the store.");
        map.Get("/v1/policies/files/{name}", AdminRole.Viewer, FileAsync).Says("The text of a file.");
        map.Get("/v1/policies/stored/{name}", AdminRole.Viewer, VersionsAsync).Says("The versions of a policy of the store, newest first, without their texts.");
        map.Get("/v1/policies/stored/{name}/{version:int}", AdminRole.Viewer, GetAsync).Says("A version with its text.");
        map.Get("/v1/policies/stored/{name}/diff", AdminRole.Viewer, DiffAsync).Says("What changed between two versions; without \"from\", from the published one.");
        map.Ask("/v1/policies/check", AdminRole.PolicyAuthor, CheckAsync).Takes(AdminLimits.PolicyBodyBytes).Says("What is wrong with a text, were it in force with all the others.");
        map.Post("/v1/policies/stored/{name}", AdminRole.PolicyAuthor, DraftAsync).Takes(AdminLimits.PolicyBodyBytes).Says("Write a new version: a draft. An empty text asks for the policy to be withdrawn.");
        map.Post("/v1/policies/stored/{name}/{version:int}/publish", AdminRole.PolicyAuthor, PublishAsync).Says("Put a draft into force on every node. Not by its author.");
        map.Post("/v1/policies/stored/{name}/{version:int}/withdraw", AdminRole.PolicyAuthor, WithdrawAsync).Says("Take a draft back.");
    }

    private async Task<PoliciesJson> ListAsync(AdminCall call) => new(
        library.Policy.Version, library.Policy.Digest, library.Policy.DocumentCount, library.Files, await library.NamesAsync(call.Cancel).ConfigureAwait(false));

    private async Task<PolicyTextJson> FileAsync(AdminCall call, string name) =>
        new(name, await library.FileAsync(name, call.Cancel).ConfigureAwait(false) ?? throw AdminProblem.NotFound("policy file of this name"));

    private async Task<Page<PolicyVersionJson>> VersionsAsync(AdminCall call, string name, int? after, int? limit)
    {
        int most = Paging.Limit(limit);
        List<PolicyVersionRow> rows = await library.VersionsAsync(name, after, most + 1, call.Cancel).ConfigureAwait(false);
        return rows.Count == 0 && after is null
            ? throw AdminProblem.NotFound("stored policy of this name")
            : Paging.Of([.. rows.Select(row => PolicyVersionJson.Of(row) with { Yaml = null })], most, version => version.Version.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<PolicyVersionJson> GetAsync(AdminCall call, string name, int version) => PolicyVersionJson.Of(await RowAsync(call, name, version).ConfigureAwait(false));

    private async Task<PolicyDiffJson> DiffAsync(AdminCall call, string name, int to, int? from)
    {
        PolicyVersionRow after = await RowAsync(call, name, to).ConfigureAwait(false);
        PolicyVersionRow? before = from is { } version
            ? await RowAsync(call, name, version).ConfigureAwait(false)
            : await library.PublishedAsync(name, call.Cancel).ConfigureAwait(false);
        return new PolicyDiffJson(name, before?.Version, to, Diff(before, after));
    }

    private async Task<PolicyCheckJson> CheckAsync(AdminCall call, PolicyTextJson body)
    {
        (PolicyDraft? draft, IReadOnlyList<Diagnostic> diagnostics) = await library.CheckAsync(Name(body.Name), body.Yaml, call.Cancel).ConfigureAwait(false);
        return new PolicyCheckJson(draft is not null, draft?.Digest, [.. diagnostics.Select(item => item.ToString())]);
    }

    private async Task<PolicyVersionJson> DraftAsync(AdminCall call, string name, PolicyDraftJson body)
    {
        Name(name);
        string reason = AdminCall.Reason(body.Comment);
        PolicyVersionRow? published = await library.PublishedAsync(name, call.Cancel).ConfigureAwait(false);
        if (body.Yaml.Length == 0 && published is null)
            throw AdminProblem.Conflict("nothing-published", $"No version of {name} is in force, so there is nothing to withdraw.");
        (PolicyDraft? good, IReadOnlyList<Diagnostic> diagnostics) = await library.CheckAsync(name, body.Yaml, call.Cancel).ConfigureAwait(false);
        string author = PolicyLibrary.Author(call.Identity);
        var audit = new AuditEvent(AuditTypes.PolicyDrafted, call.Actor)
        {
            Object = $"policy:{name}",
            Reason = reason,
            Details = new Dictionary<string, string> { ["diff"] = Short(TextDiff.Unified($"{name} {published?.Version}", published?.Yaml ?? "", $"{name} draft", body.Yaml)) },
        };
        return await call.DoAsync(audit, async cancel =>
        {
            PolicyVersionRow row = await library.DraftAsync(name, body.Yaml, author, reason, cancel).ConfigureAwait(false);
            return PolicyVersionJson.Of(row) with { Yaml = null, IsFit = good is not null, Diagnostics = [.. diagnostics.Select(item => item.ToString())] };
        }).ConfigureAwait(false);
    }

    private async Task<PolicyVersionJson> PublishAsync(AdminCall call, string name, int version, ReasonJson body)
    {
        string reason = AdminCall.Reason(body.Reason);
        PolicyVersionRow row = await RowAsync(call, name, version).ConfigureAwait(false);
        PolicyVersionRow? published = await library.PublishedAsync(name, call.Cancel).ConfigureAwait(false);
        var audit = new AuditEvent(AuditTypes.PolicyPublished, call.Actor)
        {
            Object = $"policy:{name}",
            Reason = reason,
            Changes = new Dictionary<string, AuditChange> { ["version"] = new(published?.Version.ToString(System.Globalization.CultureInfo.InvariantCulture), version.ToString(System.Globalization.CultureInfo.InvariantCulture)) },
            Details = new Dictionary<string, string> { ["author"] = row.Author, ["diff"] = Short(Diff(published, row)) },
        };

        // Four eyes: a person, for themselves, who is not the one that wrote it nor the one that it was written for.
        if (call.Identity.Kind != IdentityKind.Human || !call.Identity.ActingFor.IsEmpty)
            throw await call.RefuseAsync(audit, AdminProblem.Forbidden("persons-only", "Policy is published by a person, not in a person's name.")).ConfigureAwait(false);
        if (PolicyLibrary.IsAuthor(row.Author, call.Identity.Subject))
            throw await call.RefuseAsync(audit, AdminProblem.Forbidden("own-draft", "Nobody publishes what they have written.", "Ask another policy author.")).ConfigureAwait(false);
        if (row.Status == StoredPolicies.Draft && published?.Version > version)
            throw AdminProblem.Conflict("draft-outdated", $"Version {published.Version} was published after this draft was written.", "Write a new draft from it.");
        (PolicyDraft? good, IReadOnlyList<Diagnostic> diagnostics) = await library.CheckAsync(name, row.Yaml, call.Cancel).ConfigureAwait(false);
        if (good is null)
        {
            throw new AdminProblem(409, "policy-unfit", "With this version there would be errors in the policy.", "Write a new draft.")
            {
                More = new Dictionary<string, object> { ["problems"] = diagnostics.Select(item => item.ToString()).ToArray() },
            };
        }

        return await call.DoAsync(audit, async cancel =>
        {
            PolicyVersionRow now = await library.PublishAsync(name, version, published?.Version, call.Identity.Subject, cancel).ConfigureAwait(false);
            await cluster.PublishAsync(ClusterEvents.Policy, JsonSerializer.Serialize(new { name }, AdminJson.Options), cancel).ConfigureAwait(false);
            return PolicyVersionJson.Of(now) with { Yaml = null };
        }).ConfigureAwait(false);
    }

    private async Task<PolicyVersionJson> WithdrawAsync(AdminCall call, string name, int version, ReasonJson body)
    {
        var audit = new AuditEvent(AuditTypes.PolicyWithdrawn, call.Actor)
        {
            Object = $"policy:{name}",
            Reason = AdminCall.Reason(body.Reason),
            Changes = new Dictionary<string, AuditChange> { [$"version {version}"] = new(StoredPolicies.Draft, StoredPolicies.Withdrawn) },
        };
        return await call.DoAsync(audit, async cancel => PolicyVersionJson.Of(await library.WithdrawAsync(name, version, cancel).ConfigureAwait(false)) with { Yaml = null }).ConfigureAwait(false);
    }

    private async Task<PolicyVersionRow> RowAsync(AdminCall call, string name, int version) =>
        await library.FindAsync(name, version, call.Cancel).ConfigureAwait(false) ?? throw AdminProblem.NotFound("version of this number");

    private static string Name(string name) => ConfigReader.IsName(name)
        ? name
        : throw AdminProblem.Wrong("name-unfit", "A policy's name is letters, digits, '-', '_' and '.', beginning with a letter or digit, at most 64.");

    private static string Diff(PolicyVersionRow? before, PolicyVersionRow after) =>
        TextDiff.Unified($"{after.Name} {before?.Version}", before?.Yaml ?? "", $"{after.Name} {after.Version}", after.Yaml);

    private static string Short(string diff) => Encoding.UTF8.GetByteCount(diff) <= AuditedDiff ? diff : diff[..(AuditedDiff / 4)] + "\n… (see the versions themselves)";
}

/// <summary>What is in force.</summary>
internal sealed record PoliciesJson(int Version, string Digest, int Documents, IReadOnlyList<string> Files, IReadOnlyList<PolicyNameJson> Stored);

/// <summary>A text of policy and its name.</summary>
internal sealed record PolicyTextJson(string Name, string Yaml);

/// <param name="Yaml">Empty: the policy is to be withdrawn.</param>
/// <param name="Comment">Why.</param>
internal sealed record PolicyDraftJson(string Yaml, string Comment);

internal sealed record PolicyDiffJson(string Name, int? From, int To, string Diff);

/// <param name="IsFit">It could be put into force.</param>
/// <param name="Diagnostics">Errors and warnings, as compilers write them.</param>
internal sealed record PolicyCheckJson(bool IsFit, string? Digest, IReadOnlyList<string> Diagnostics);

/// <summary>A version of a policy of the store.</summary>
internal sealed record PolicyVersionJson(string Name, int Version, string Status, string Author, DateTimeOffset CreatedAt)
{
    public string? Comment { get; init; }

    public string? Yaml { get; init; }

    public string? PublishedBy { get; init; }

    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>Of a new draft: whether it could be put into force now.</summary>
    public bool? IsFit { get; init; }

    public IReadOnlyList<string>? Diagnostics { get; init; }

    public static PolicyVersionJson Of(PolicyVersionRow row) => new(row.Name, row.Version, row.Status, row.Author, row.CreatedAt)
    {
        Comment = row.Comment,
        Yaml = row.Yaml,
        PublishedBy = row.PublishedBy,
        PublishedAt = row.PublishedAt,
    };
}
