using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Identity.Local;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>Registers an agent.</summary>
/// <param name="PublicKey">Its public JWK, as JSON text; absent: it gets a secret.</param>
internal sealed record AgentCreateJson(string Name, IdentityKind Kind, string Owner, string Purpose, IReadOnlyList<string> Groups, int TokenMinutes = 15, string? PublicKey = null);

/// <summary>An agent.</summary>
internal sealed record AgentJson(string Name, IdentityKind Kind, string Owner, string Purpose, IReadOnlyList<string> Groups, int TokenMinutes, bool Disabled, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <summary>What was registered or changed.</summary>
/// <param name="Secret">Shown this once; absent when the agent has a key.</param>
internal sealed record AgentAnswerJson(string Name, string? Secret = null);

/// <summary>Agents and services over the admin API.</summary>
internal sealed class AgentRoutes(AgentRegistry agents) : IAdminRoutes
{
    public void Map(AdminRouteMap map)
    {
        map.Get("/v1/agents", AdminRole.Administrator, ListAsync).Says("Agents and services by name.");
        map.Post("/v1/agents", AdminRole.Administrator, CreateAsync).Says("Register an agent or service; the answer has its secret, once.");
        map.Post("/v1/agents/{name}/disable", AdminRole.Administrator, DisableAsync).Says("Stop an agent, and end what it does.");
        map.Post("/v1/agents/{name}/enable", AdminRole.Administrator, EnableAsync).Says("Let an agent act again.");
    }

    private async Task<Page<AgentJson>> ListAsync(AdminCall call, string? after, int? limit)
    {
        int most = Paging.Limit(limit);
        List<AgentRow> rows = await agents.ListAsync(after ?? "", most + 1, call.Cancel).ConfigureAwait(false);
        return Paging.Of(rows.ConvertAll(Json), most, agent => agent.Name);
    }

    private Task<AgentAnswerJson> CreateAsync(AdminCall call, AgentCreateJson body) => DoAsync(call, body.Name, "register", null, async cancel => new AgentAnswerJson(
        body.Name,
        await agents.RegisterAsync(
            new AgentRegistration(body.Name, body.Kind, body.Owner, body.Purpose, body.Groups, TimeSpan.FromMinutes(body.TokenMinutes), body.PublicKey), call.Actor, cancel).ConfigureAwait(false)));

    private Task<AgentAnswerJson> DisableAsync(AdminCall call, string name, UserReasonJson body) => SetAsync(call, name, disabled: true, body);

    private Task<AgentAnswerJson> EnableAsync(AdminCall call, string name, UserReasonJson body) => SetAsync(call, name, disabled: false, body);

    private Task<AgentAnswerJson> SetAsync(AdminCall call, string name, bool disabled, UserReasonJson body) => DoAsync(
        call, name, disabled ? "disable" : "enable", AdminCall.Reason(body.Reason),
        async cancel =>
        {
            await agents.SetDisabledAsync(name, disabled, call.Actor, cancel).ConfigureAwait(false);
            return new AgentAnswerJson(name);
        });

    private static Task<T> DoAsync<T>(AdminCall call, string name, string action, string? reason, Func<CancellationToken, Task<T>> act) => call.DoAsync(
        new AuditEvent(AuditTypes.AgentChanged, call.Actor) { Object = "agent:" + name, Reason = reason, Details = new Dictionary<string, string> { ["action"] = action } },
        async cancel =>
        {
            try
            {
                return await act(cancel).ConfigureAwait(false);
            }
            catch (UserRefusedException refused)
            {
                throw AdminProblem.Conflict("agent-refused", refused.Message);
            }
        });

    private static AgentJson Json(AgentRow row) => new(
        row.Name, row.Kind, row.Owner, row.Purpose, JsonSerializer.Deserialize<string[]>(row.AllowedGroups) ?? [], (int)row.TokenLifetime.TotalMinutes, row.Disabled, row.CreatedAt, row.LastUsedAt);
}
