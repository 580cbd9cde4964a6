using Microsoft.AspNetCore.Http;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Store.Entities;
using Sallyport.Proxy.Upstream;

namespace Sallyport.Proxy.Ssh;

/// <summary>Pins of targets' host keys in the admin API. Nothing is ever pinned by itself: an administrator says so, and the audit keeps who and why.</summary>
internal sealed class PinRoutes(HostPins pins, TargetDirectory targets, TimeProvider time) : IAdminRoutes
{
    /// <summary>For the whole exchange with the target, behind the time for the connection.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/targets/{name}/host-keys", AdminRole.Viewer, ListAsync).Says("The host keys that are pinned for an SSH target.");
        map.Ask("/v1/targets/{name}/host-keys/probe", AdminRole.Administrator, ProbeAsync).Says("Asks an SSH target for its host key, and shows it. Pins nothing.");
        map.Post("/v1/targets/{name}/host-keys", AdminRole.Administrator, PinAsync).Says("Asks an SSH target for its host key and pins it; with \"fingerprint\" only that one.");
        map.Delete("/v1/targets/{name}/host-keys", AdminRole.Administrator, UnpinAsync).Says("Takes away a pin (?fingerprint=), or all of an SSH target. Needs ?reason=.");
    }

    private async Task<Page<HostPinJson>> ListAsync(AdminCall call, string name) =>
        new((await pins.ListAsync(HostPlace.Of(Find(name)), call.Cancel).ConfigureAwait(false)).ConvertAll(row => Json(name, row)));

    private async Task<HostPinJson> ProbeAsync(AdminCall call, string name)
    {
        Target target = Find(name);
        SshPublicKey key = await ReadAsync(target, call.Cancel).ConfigureAwait(false);
        return new HostPinJson(name, target.Address, key.Type, key.Fingerprint);
    }

    private async Task<HostPinJson> PinAsync(AdminCall call, string name, PinJson body)
    {
        string reason = AdminCall.Reason(body.Reason);
        if (body.Fingerprint is { } wanted && !HostKeyText.IsFingerprint(wanted))
            throw AdminProblem.Wrong("fingerprint-unfit", "\"fingerprint\" is SHA256: and 43 characters, as ssh-keygen -l shows it.");
        Target target = Find(name);
        SshPublicKey key = await ReadAsync(target, call.Cancel).ConfigureAwait(false);
        AuditEvent audit = Event(AuditTypes.HostKeyPinned, call, target, key.Fingerprint, reason);
        if (body.Fingerprint is { } asked && asked != key.Fingerprint)
        {
            var other = AdminProblem.Conflict("host-key-other", $"{target.Address} has shown {key.Fingerprint}, which is another key.", "If that is not expected, somebody may stand between: pin nothing.");
            throw await call.RefuseAsync(audit, other).ConfigureAwait(false);
        }

        return await call.DoAsync(audit, async cancel => Json(
            name, await pins.AddAsync(HostPlace.Of(target), key, call.Identity.Subject, reason, time.GetUtcNow(), cancel).ConfigureAwait(false))).ConfigureAwait(false);
    }

    private async Task<UnpinnedJson> UnpinAsync(AdminCall call, string name, string? fingerprint, string? reason)
    {
        string why = AdminCall.Reason(reason);
        Target target = Find(name);
        return await call.DoAsync(Event(AuditTypes.HostKeyUnpinned, call, target, fingerprint ?? "all", why), async cancel =>
        {
            int removed = await pins.RemoveAsync(HostPlace.Of(target), fingerprint, cancel).ConfigureAwait(false);
            return removed > 0 ? new UnpinnedJson(name, removed) : throw AdminProblem.NotFound("pin of this target");
        }).ConfigureAwait(false);
    }

    private async Task<SshPublicKey> ReadAsync(Target target, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(target.Config.ConnectTimeout + Longest);
        try
        {
            await using IDuplex host = await targets.ConnectAsync(target.Info, late.Token).ConfigureAwait(false);
            return await SshHostKeyProbe.ReadAsync(host, time, late.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new AdminProblem(StatusCodes.Status502BadGateway, "target-unreachable", $"{target.Address} has shown no host key: {(failure is IOException ? failure.Message : "it took too long")}", null);
        }
    }

    private Target Find(string name) => targets.FindAny(name) switch
    {
        { Known: not null } target => target,
        null => throw AdminProblem.NotFound("target of this name"),
        _ => throw AdminProblem.Wrong("target-unfit", "This target has no host keys: it is not for SSH."),
    };

    private static AuditEvent Event(string type, AdminCall call, Target target, string fingerprint, string reason) => new(type, call.Actor)
    {
        Object = $"target:{target.Info.Name}",
        Target = target.Info.Name,
        Reason = reason,
        Details = new Dictionary<string, string> { ["address"] = target.Address, ["fingerprint"] = fingerprint },
    };

    private static HostPinJson Json(string target, HostPinRow row) => new(target, row.Address, row.Key.Split(' ')[0], row.Fingerprint)
    {
        PinnedBy = row.PinnedBy,
        PinnedAt = row.PinnedAt,
        Reason = row.Reason,
    };
}

/// <param name="Fingerprint">Only this key is pinned; null: the one that the target shows.</param>
internal sealed record PinJson(string Reason, string? Fingerprint = null);

internal sealed record UnpinnedJson(string Target, int Removed);

/// <summary>A host key of a target; who pinned it is null when it is only shown.</summary>
internal sealed record HostPinJson(string Target, string Address, string Type, string Fingerprint)
{
    public string? PinnedBy { get; init; }

    public DateTimeOffset? PinnedAt { get; init; }

    public string? Reason { get; init; }
}
