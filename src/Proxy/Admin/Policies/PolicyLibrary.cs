using Microsoft.EntityFrameworkCore;
using Sallyport.Policy;
using Sallyport.Policy.Documents;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Policies;

/// <summary>The versions of policy documents in the store, and the files beside them.</summary>
internal sealed class PolicyLibrary(IStateStore store, PolicyStore policy, string directory, TimeProvider time)
{
    /// <summary>Drafts of one document that wait: more is nobody's work.</summary>
    private const int MostDrafts = 100;

    /// <summary>Between a subject and whom it acts for.</summary>
    private const string Chain = " > ";

    public PolicyStore Policy => policy;

    /// <summary>Names of the files of the directory.</summary>
    public IReadOnlyList<string> Files => Directory.Exists(directory)
        ? [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Where(IsPolicy).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Who writes: the subject, and whom it writes for.</summary>
    public static string Author(Contract.Identity identity) => string.Join(Chain, [identity.Subject, .. identity.ActingFor]);

    /// <summary>True when that person wrote it, or somebody in their name. A subject of another issuer counts as the same person: two eyes would be too few.</summary>
    public static bool IsAuthor(string author, string subject) => $"{Chain}{author}{Chain}".Contains($"{Chain}{subject}{Chain}", StringComparison.Ordinal);

    /// <summary>The text of a file; null: there is none of that name. The name is compared with those that are there, never made into a path.</summary>
    public async Task<string?> FileAsync(string name, CancellationToken cancel)
    {
        string? path = Directory.Exists(directory) ? Directory.EnumerateFiles(directory).FirstOrDefault(path => IsPolicy(path) && Path.GetFileName(path) == name) : null;
        return path is null ? null : await File.ReadAllTextAsync(path, cancel).ConfigureAwait(false);
    }

    public Task<List<PolicyVersionRow>> VersionsAsync(string name, int? before, int count, CancellationToken cancel) => store.ReadAsync(
        (db, token) => db.PolicyVersions.Where(row => row.Name == name && (before == null || row.Version < before)).OrderByDescending(row => row.Version).Take(count).ToListAsync(token),
        cancel);

    public Task<PolicyVersionRow?> FindAsync(string name, int version, CancellationToken cancel) =>
        store.ReadAsync((db, token) => db.PolicyVersions.SingleOrDefaultAsync(row => row.Name == name && row.Version == version, token), cancel);

    public Task<PolicyVersionRow?> PublishedAsync(string name, CancellationToken cancel) =>
        store.ReadAsync((db, token) => db.PolicyVersions.SingleOrDefaultAsync(row => row.Name == name && row.Status == StoredPolicies.Published, token), cancel);

    /// <summary>What is wrong when this text is in force instead of the published one of its name, and the policy it would then be.</summary>
    /// <param name="yaml">Empty: the document is withdrawn.</param>
    public async Task<(PolicyDraft? Draft, IReadOnlyList<Diagnostic> Diagnostics)> CheckAsync(string name, string yaml, CancellationToken cancel)
    {
        IReadOnlyList<StoredDocument> others = await store.ReadAsync(StoredPolicies.InForceAsync, cancel).ConfigureAwait(false);
        List<StoredDocument> stored = [.. others.Where(document => document.Name != name)];
        if (yaml.Length > 0)
            stored.Add(new StoredDocument(name, yaml));
        PolicyDraft? draft = policy.Check(directory, stored, out IReadOnlyList<Diagnostic> diagnostics);
        return (draft, diagnostics);
    }

    /// <summary>A new draft.</summary>
    public Task<PolicyVersionRow> DraftAsync(string name, string yaml, string author, string? comment, CancellationToken cancel) => store.WriteAsync(
        async (db, token) =>
        {
            if (await db.PolicyVersions.CountAsync(row => row.Name == name && row.Status == StoredPolicies.Draft, token).ConfigureAwait(false) >= MostDrafts)
                throw AdminProblem.Conflict("too-many-drafts", $"{name} has {MostDrafts} drafts.", "Withdraw some.");
            int last = await db.PolicyVersions.Where(row => row.Name == name).MaxAsync(row => (int?)row.Version, token).ConfigureAwait(false) ?? 0;
            var row = new PolicyVersionRow
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()),
                Name = name,
                Version = last + 1,
                Yaml = yaml,
                Status = StoredPolicies.Draft,
                Author = author,
                Comment = comment,
                CreatedAt = time.GetUtcNow(),
            };
            db.PolicyVersions.Add(row);
            return row;
        },
        cancel);

    /// <summary>Takes a draft back.</summary>
    public Task<PolicyVersionRow> WithdrawAsync(string name, int version, CancellationToken cancel) => store.WriteAsync(
        async (db, token) =>
        {
            PolicyVersionRow row = await DraftRowAsync(db, name, version, token).ConfigureAwait(false);
            row.Status = StoredPolicies.Withdrawn;
            return row;
        },
        cancel);

    /// <summary>Publishes a draft in place of what is published now.</summary>
    /// <param name="instead">The version that is published now, as the publisher was told; null: none.</param>
    public Task<PolicyVersionRow> PublishAsync(string name, int version, int? instead, string by, CancellationToken cancel) => store.WriteAsync(
        async (db, token) =>
        {
            PolicyVersionRow row = await DraftRowAsync(db, name, version, token).ConfigureAwait(false);
            PolicyVersionRow? old = await db.PolicyVersions.AsTracking().SingleOrDefaultAsync(r => r.Name == name && r.Status == StoredPolicies.Published, token).ConfigureAwait(false);
            if (old?.Version != instead)
                throw AdminProblem.Conflict("policy-changed", "Another version was published meanwhile.", "Look at the difference again.");
            if (old is not null)
                old.Status = StoredPolicies.Superseded;

            // An empty draft says that the document goes: nothing of it is in force from now on.
            row.Status = row.Yaml.Length > 0 ? StoredPolicies.Published : StoredPolicies.Withdrawn;
            (row.PublishedBy, row.PublishedAt) = (by, time.GetUtcNow());
            return row;
        },
        cancel);

    /// <summary>Each name of the store, with its published version and how many drafts wait.</summary>
    public Task<List<PolicyNameJson>> NamesAsync(CancellationToken cancel) => store.ReadAsync(
        async (db, token) =>
        {
            var rows = await db.PolicyVersions.Where(row => row.Status == StoredPolicies.Published || row.Status == StoredPolicies.Draft)
                .Select(row => new { row.Name, row.Version, row.Status, row.PublishedBy, row.PublishedAt }).ToListAsync(token).ConfigureAwait(false);
            return rows.GroupBy(row => row.Name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
            {
                var published = group.SingleOrDefault(row => row.Status == StoredPolicies.Published);
                return new PolicyNameJson(group.Key, published?.Version, published?.PublishedBy, published?.PublishedAt, [.. group.Where(row => row.Status == StoredPolicies.Draft).Select(row => row.Version).Order()]);
            }).ToList();
        },
        cancel);

    private static async Task<PolicyVersionRow> DraftRowAsync(StateContext db, string name, int version, CancellationToken cancel)
    {
        PolicyVersionRow row = await db.PolicyVersions.AsTracking().SingleOrDefaultAsync(r => r.Name == name && r.Version == version, cancel).ConfigureAwait(false)
            ?? throw AdminProblem.NotFound("version of this number");
        return row.Status == StoredPolicies.Draft ? row : throw AdminProblem.Conflict("not-a-draft", $"Version {version} of {name} is {row.Status}.");
    }

    private static bool IsPolicy(string path) => Path.GetExtension(path) is ".yaml" or ".yml";
}

/// <summary>A policy of the store.</summary>
/// <param name="Published">The version in force; null: none.</param>
/// <param name="Drafts">Versions that wait.</param>
internal sealed record PolicyNameJson(string Name, int? Published, string? PublishedBy, DateTimeOffset? PublishedAt, IReadOnlyList<int> Drafts);
