using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Policy.Yaml;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Routes;

/// <summary>A session, as lists show it. The last members are of sessions that are on the node that was asked.</summary>
internal sealed record SessionJson(Guid Id, string Node, string Protocol, string Subject, string Issuer, string Kind, string Target, string Source, DateTimeOffset StartedAt)
{
    public IReadOnlyList<string> ActingFor { get; init; } = [];

    public string? Resource { get; init; }

    public string? ClientApplication { get; init; }

    /// <summary><c>live</c>, <c>frozen</c>, <c>revoked</c>, <c>suspended</c> or <c>ending</c>.</summary>
    public string? State { get; init; }

    public IReadOnlyList<string>? Groups { get; init; }

    public string? Listener { get; init; }

    public string? ClientUser { get; init; }

    public bool? ClientTls { get; init; }

    public DateTimeOffset? IdentityExpiresAt { get; init; }

    public double? SilentSeconds { get; init; }

    /// <summary>The approval that what runs now runs under; several channels may have several, parted by spaces.</summary>
    public string? Approval { get; init; }

    public static SessionJson Of(SessionRow row) =>
        new(row.Id, row.Node, row.Protocol, row.Subject, row.Issuer, row.IdentityKind, row.Target, row.Source, row.StartedAt)
        {
            ActingFor = JsonSerializer.Deserialize<IReadOnlyList<string>>(row.ActingFor) ?? [],
            Resource = NotEmpty(row.Resource),
            ClientApplication = NotEmpty(row.ClientApplication),
            State = row.State,
        };

    public static SessionJson Of(SessionFacts facts) => new(
        facts.SessionId, facts.Node, facts.Protocol, facts.Identity.Subject, facts.Identity.Issuer, KebabNames.Name(facts.Identity.Kind), facts.Target,
        facts.Source.ToString(), facts.StartedAt)
    {
        ActingFor = [.. facts.Identity.ActingFor],
        Resource = NotEmpty(facts.Resource),
        ClientApplication = NotEmpty(facts.ClientApplication),
        Groups = [.. facts.Identity.Groups],
        Listener = facts.Listener,
        ClientUser = NotEmpty(facts.ClientUser),
        ClientTls = facts.ClientTls,
    };

    public static SessionJson Of(LiveSession session, DateTimeOffset now) => Of(session.Facts) with
    {
        State = session.State,
        IdentityExpiresAt = session.Facts.Identity.ExpiresAt < now.AddYears(100) ? session.Facts.Identity.ExpiresAt : null,
        SilentSeconds = Math.Max(0, Environment.TickCount64 - session.Control.LastActivity) / 1000.0,
        Approval = session.Context.Granted?.Id ?? NotEmpty(string.Join(' ', session.Control.Approvals.Select(approval => approval.Id).Distinct())),
    };

    private static string? NotEmpty(string text) => text.Length > 0 ? text : null;
}
