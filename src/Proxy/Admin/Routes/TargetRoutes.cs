using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Store;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>Targets: those of the configuration file, to be seen; those of the store, to be changed. Passwords go in and never come out.</summary>
internal sealed class TargetRoutes(IStateStore store, ISealer sealer, ICluster cluster, TargetDirectory directory, TimeProvider time) : IAdminRoutes
{
    /// <summary>Longest password or private key, characters.</summary>
    private const int LongestPassword = 8192;

    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/targets", AdminRole.Viewer, ListAsync).Says("All targets, those of the configuration file and those of the store.");
        map.Get("/v1/targets/{name}", AdminRole.Viewer, GetAsync).Says("One target.");
        map.Put("/v1/targets/{name}", AdminRole.Administrator, PutAsync).Says("Make or change a target of the store; without a password the one it has stays.");
        map.Delete("/v1/targets/{name}", AdminRole.Administrator, DeleteAsync).Says("Take a target out of the store. Needs ?reason=.");
    }

    private async Task<Page<TargetJson>> ListAsync(AdminCall call, string? after, int? limit)
    {
        int most = Paging.Limit(limit);
        List<TargetRow> rows = await store.ReadAsync((db, cancel) => db.Targets.OrderBy(row => row.Name).Take(StoredTargets.Most).ToListAsync(cancel), call.Cancel).ConfigureAwait(false);
        List<TargetJson> all = [.. directory.Configured.Select(target => Json(target.Config, null, null)), .. rows.Select(Json)];
        List<TargetJson> page = [.. all.Where(target => after is null || string.CompareOrdinal(target.Name, after) > 0).OrderBy(target => target.Name, StringComparer.Ordinal).Take(most + 1)];
        return Paging.Of(page, most, target => target.Name);
    }

    private async Task<TargetJson> GetAsync(AdminCall call, string name)
    {
        if (directory.Configured.FirstOrDefault(target => target.Info.Name == name) is { } configured)
            return Json(configured.Config, null, null);
        return Json(await RowAsync(name, call.Cancel).ConfigureAwait(false) ?? throw AdminProblem.NotFound("target of this name"));
    }

    private async Task<TargetJson> PutAsync(AdminCall call, string name, TargetPutJson body)
    {
        string reason = AdminCall.Reason(body.Reason);
        if (directory.IsConfigured(name))
            throw AdminProblem.Conflict("target-configured", $"The configuration file has a target {name}.", "Change it there, or choose another name.");
        (string settings, StoredTargetConfig target) = Settings(name, body.Settings);
        if (directory.Taken(target.Config) is { } taken)
            throw AdminProblem.Conflict("host-taken", $"\"{taken.What}\" leads to {taken.Owner} already.", "Choose another name or host: hosts do not know capitals, and every host whose first label is a target's name leads there.");
        TargetRow? before = await RowAsync(name, call.Cancel).ConfigureAwait(false);
        bool mints = body.Settings.CredentialKind is "mint" or "none";
        if (mints && body.Password is not null)
            throw AdminProblem.Wrong("password-unfit", $"A target of kind {body.Settings.CredentialKind} has no secret.");
        if (before is null && body.Password is null && !mints)
            throw AdminProblem.Wrong("password-missing", "A new target needs a password, a token, or a private key.");
        if (before is not null && body.Password is null && !mints && !KeptSecret.MayStay(before, target))
            throw AdminProblem.Wrong("password-missing", "Give the credential again: the one that is kept was given for another protocol, kind, address, or other TLS settings or host keys, and the target gets to see it.");
        if (body.Password is { Length: 0 or > LongestPassword } || body.Password?.Contains('\0', StringComparison.Ordinal) == true)
            throw AdminProblem.Wrong("password-unfit", $"A password has 1 to {LongestPassword} characters, and no zero.");
        var audit = new AuditEvent(before is null ? AuditTypes.TargetCreated : AuditTypes.TargetChanged, call.Actor)
        {
            Object = $"target:{name}",
            Target = name,
            Reason = reason,
            Changes = new Dictionary<string, AuditChange>
            {
                ["settings"] = new(before?.Settings, settings),
                ["password"] = body.Password is null ? new("set", "set") : new(before is null ? null : "set", "set anew"),
            },
        };
        return await call.DoAsync(audit, async cancel =>
        {
            byte[]? password = mints ? [] : body.Password is null ? null : sealer.Seal(SealPurposes.TargetPassword(name), Encoding.UTF8.GetBytes(body.Password));
            TargetRow row = await store.WriteAsync((db, token) => WriteAsync(db, before, name, settings, password, call.Identity.Subject, token), cancel).ConfigureAwait(false);
            await TellAsync(name, cancel).ConfigureAwait(false);
            return Json(row);
        }).ConfigureAwait(false);
    }

    private async Task<TargetJson> DeleteAsync(AdminCall call, string name, string? reason)
    {
        string why = AdminCall.Reason(reason);
        TargetRow row = await RowAsync(name, call.Cancel).ConfigureAwait(false) ?? throw AdminProblem.NotFound("target of this name in the store");
        var audit = new AuditEvent(AuditTypes.TargetDeleted, call.Actor)
        {
            Object = $"target:{name}",
            Target = name,
            Reason = why,
            Changes = new Dictionary<string, AuditChange> { ["settings"] = new(row.Settings, null), ["password"] = new("set", null) },
        };
        return await call.DoAsync(audit, async cancel =>
        {
            await store.WriteAsync((db, token) => db.Targets.Where(target => target.Name == name).ExecuteDeleteAsync(token), cancel).ConfigureAwait(false);
            await TellAsync(name, cancel).ConfigureAwait(false);
            return Json(row);
        }).ConfigureAwait(false);
    }

    /// <summary>The settings as they will be kept, read once as they will be read.</summary>
    private static (string Text, StoredTargetConfig Target) Settings(string name, StoredTargetForm form)
    {
        var bag = new DiagnosticBag();
        try
        {
            string settings = StoredTargetSection.Write(form);
            if (StoredTargetSection.Read(name, settings, bag) is { } target)
                return (settings, target);
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            throw AdminProblem.Wrong("target-unfit", "\"ca\" holds no certificate in PEM form.");
        }

        throw new AdminProblem(400, "target-unfit", bag.Items[0].Message) { More = new Dictionary<string, object> { ["problems"] = bag.Items.Select(item => item.Message).ToArray() } };
    }

    private async Task<TargetRow> WriteAsync(StateContext db, TargetRow? before, string name, string settings, byte[]? password, string by, CancellationToken cancel)
    {
        TargetRow? row = await db.Targets.AsTracking().SingleOrDefaultAsync(target => target.Name == name, cancel).ConfigureAwait(false);
        DateTimeOffset now = time.GetUtcNow();
        if (row is null)
        {
            byte[] first = password ?? throw AdminProblem.Conflict("target-gone", "The target was taken away meanwhile.");
            row = new TargetRow { Name = name, Settings = settings, Password = first, ChangedBy = by, ChangedAt = now };
            db.Targets.Add(row);
            return row;
        }

        // The secret stays by what was read before: what was written since may lead it elsewhere.
        if (password is null && (row.Settings != before?.Settings || !row.Password.AsSpan().SequenceEqual(before.Password)))
            throw AdminProblem.Conflict("target-changed", "The target was changed meanwhile.", "Look at it, and ask again.");
        (row.Settings, row.Password, row.ChangedBy, row.ChangedAt) = (settings, password ?? row.Password, by, now);
        return row;
    }

    private Task TellAsync(string name, CancellationToken cancel) =>
        cluster.PublishAsync(ClusterEvents.Target, JsonSerializer.Serialize(new { name }, AdminJson.Options), cancel);

    private Task<TargetRow?> RowAsync(string name, CancellationToken cancel) =>
        store.ReadAsync((db, token) => db.Targets.SingleOrDefaultAsync(row => row.Name == name, token), cancel);

    private static TargetJson Json(TargetRow row)
    {
        var bag = new DiagnosticBag();
        return StoredTargetSection.Read(row.Name, row.Settings, bag) is { } read
            ? Json(read.Config, row.ChangedBy, row.ChangedAt)
            : new TargetJson(row.Name, "store") { Problem = bag.Items[0].Message, ChangedBy = row.ChangedBy, ChangedAt = row.ChangedAt };
    }

    private static TargetJson Json(TargetConfig config, string? by, DateTimeOffset? at) => new(config.Name, by is null ? "file" : "store")
    {
        Protocol = config.Http is { } http ? http.IsKubernetes ? "kubernetes" : "http" : config.Protocol,
        Hosts = config.Http is { Hosts.IsEmpty: false } named ? [.. named.Hosts] : null,
        Address = config.Host.Contains(':', StringComparison.Ordinal) ? $"[{config.Host}]:{config.Port}" : $"{config.Host}:{config.Port}",
        User = config.User.Length > 0 ? config.User : null,
        TlsMode = config.Ssh is null ? KebabNames.Name(config.TlsMode) : null,
        ServerName = config.Ssh is null ? config.ServerName : null,
        Database = config.Ssh is null && config.Database.Length > 0 ? config.Database : null,
        Databases = config.Ssh is not null || config.Databases.IsEmpty ? null : [.. config.Databases],
        Account = config.Ssh is not null && config.Database.Length > 0 ? config.Database : null,
        Accounts = config.Ssh is null || config.Databases.IsEmpty ? null : [.. config.Databases],
        Credential = config.Ssh?.Credential is { } ssh ? ssh.MintValidity is not null ? "mint" : ssh.IsKey ? "private-key" : "password" : config.Http is { } sent ? KebabNames.Name(sent.Credential) : null,
        WeakLogins = config.WeakLogins.IsEmpty ? null : [.. config.WeakLogins],
        ConnectTimeout = Durations.Format(config.ConnectTimeout),
        ChangedBy = by,
        ChangedAt = at,
    };
}

/// <param name="Settings">The settings, all of them: what is not there is taken away.</param>
/// <param name="Password">Write-only; null: the one that it has stays.</param>
internal sealed record TargetPutJson(StoredTargetForm Settings, string Reason, string? Password = null)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"target at {Settings.Address}";
}

/// <summary>A target, without its password.</summary>
/// <param name="Origin"><c>file</c> or <c>store</c>.</param>
internal sealed record TargetJson(string Name, string Origin)
{
    public string? Protocol { get; init; }

    public string? Address { get; init; }

    public string? User { get; init; }

    public string? TlsMode { get; init; }

    public string? ServerName { get; init; }

    public string? Database { get; init; }

    public IReadOnlyList<string>? Databases { get; init; }

    /// <summary>ssh: the account when a client names none.</summary>
    public string? Account { get; init; }

    /// <summary>ssh: accounts that may be asked for; null: any.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>http, kubernetes: hosts that lead to it, beside those whose first label is its name.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>ssh: <c>password</c>, <c>private-key</c> or <c>mint</c>. http, kubernetes: <c>bearer</c>, <c>basic</c>, <c>header</c> or <c>none</c>.</summary>
    public string? Credential { get; init; }

    public IReadOnlyList<string>? WeakLogins { get; init; }

    public string? ConnectTimeout { get; init; }

    public string? ChangedBy { get; init; }

    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Why it cannot be used; null: it can.</summary>
    public string? Problem { get; init; }
}
