using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sallyport.Contract;
using Sallyport.Proxy.Admin;
using Sallyport.Proxy.Configuration;
using Xunit;

namespace Sallyport.Proxy.Tests.Admin;

/// <summary>
/// Every route, by every role, with every kind of credential. What is expected follows from the role that the route names, by a table written
/// here anew. (GHSA-c94j-vqr5-3mxr, CVE-2026-63330, CVE-2026-91167, CVE-2023-42442.)
/// </summary>
public sealed partial class AuthorizationMatrixTests : IAsyncLifetime
{
    /// <summary>Which of the five roles opens a route of which role.</summary>
    private static readonly Dictionary<AdminRole, AdminRole[]> Opens = new()
    {
        [AdminRole.Viewer] = [AdminRole.Viewer, AdminRole.Auditor, AdminRole.Approver, AdminRole.PolicyAuthor, AdminRole.Administrator],
        [AdminRole.Auditor] = [AdminRole.Auditor],
        [AdminRole.Approver] = [AdminRole.Approver],
        [AdminRole.PolicyAuthor] = [AdminRole.PolicyAuthor],
        [AdminRole.Administrator] = [AdminRole.Administrator],
    };

    private AdminHouse _house = null!;

    private AdminRig Rig => _house.Rig;

    public async Task InitializeAsync() => _house = await AdminHouse.StartAsync(new Cookies());

    public async Task DisposeAsync() => await _house.DisposeAsync();

    [Fact]
    public void Every_endpoint_that_there_is_names_a_role()
    {
        Assert.True(Rig.Server.Endpoints.Count > 25);
        Assert.All(Rig.Server.Endpoints, endpoint => Assert.NotEqual(AdminRole.None, endpoint.Metadata.GetMetadata<AdminRouteInfo>()!.Role));
    }

    [Fact]
    public void The_routes_of_every_room_are_among_them()
    {
        // Signing in has no role to hold against it, and tests of its own.
        Type[] rooms = [.. typeof(IAdminRoutes).Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsAssignableTo(typeof(IAdminRoutes)) && t.Name != "SignInRoutes")];
        Assert.Equal(16, rooms.Length);
        foreach (string path in (string[])["/v1/sessions", "/v1/recordings", "/v1/audit", "/v1/nodes", "/v1/targets", "/v1/policies", "/v1/approvals", "/v1/grants", "/v1/tokens", "/v1/passwords", "/v1/keys", "/v1/ssh", "/v1/http", "/v1/targets/{name}/host-keys", "/v1/revocations", "/v1/users", "/v1/agents", "/metrics", "/healthz"])
            Assert.Contains(Rig.Server.Endpoints.OfType<RouteEndpoint>(), endpoint => endpoint.RoutePattern.RawText == path);
    }

    [Fact]
    public async Task Without_a_good_credential_every_route_answers_alike()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        (string Name, string? Authorization)[] credentials =
        [
            ("none", null),
            ("empty", "Bearer "),
            ("not a token", "Bearer nonsense"),
            ("basic", "Basic " + Convert.ToBase64String("alice:secret"u8)),
            ("expired", "Bearer " + AdminRig.Signed("alice", "human", AdminConfig.DefaultAudience, now.AddHours(-1), AdminRig.Roles)),
            ("wrong audience", "Bearer " + AdminRig.Signed("alice", "human", "sallyport", now, AdminRig.Roles)),
            ("not signed by the issuer", "Bearer " + AdminRig.Token("alice", AdminRig.Roles)[..^8] + "AAAAAAAA"),
        ];
        foreach (AdminRouteInfo route in Routes().Append(new AdminRouteInfo("GET", "/v1/nothing-here", AdminRole.Administrator, false, false)))
        {
            foreach ((string name, string? authorization) in credentials)
            {
                HttpStatusCode expected = route.Role == AdminRole.Anyone ? HttpStatusCode.OK : HttpStatusCode.Unauthorized;
                (HttpStatusCode status, string body) = await AskAsync(route, request => Authorize(request, authorization));
                Assert.True(expected == status, $"{route.Method} {route.Pattern}, {name}: {status}");
                if (expected == HttpStatusCode.Unauthorized)
                    Assert.Equal("unauthenticated", AdminRig.Word(body));
            }
        }
    }

    [Fact]
    public async Task Each_role_opens_its_routes_and_no_other()
    {
        foreach (AdminRouteInfo route in Routes())
        {
            foreach (AdminRole role in AdminRig.Roles)
            {
                bool open = route.Role is AdminRole.Anyone or AdminRole.SignedIn || Opens[route.Role].Contains(role);
                (HttpStatusCode status, string body) = await AskAsync(route, request => Authorize(request, "Bearer " + AdminRig.Token("alice", role)));

                // A room may still refuse, by its own word, what is not the caller's: the gate's word is for roles alone.
                bool refused = status == HttpStatusCode.Unauthorized || AdminRig.Word(body) is "role-missing" or "persons-only";
                Assert.True(open != refused, $"{route.Method} {route.Pattern} by {role}: {status} {body}");
                Assert.True(status != HttpStatusCode.InternalServerError, $"{route.Method} {route.Pattern} by {role}: {body}");
            }
        }
    }

    [Fact]
    public async Task Whoever_has_no_role_gets_in_nowhere()
    {
        foreach (AdminRouteInfo route in Routes().Where(route => route.Role is not (AdminRole.Anyone or AdminRole.SignedIn)))
        {
            (HttpStatusCode status, string body) = await AskAsync(route, request => Authorize(request, "Bearer " + AdminRig.Token("mallory")));
            Assert.Equal((route.Pattern, HttpStatusCode.Forbidden, "role-missing"), (route.Pattern, status, AdminRig.Word(body)));
        }
    }

    [Fact]
    public async Task A_cookie_opens_what_its_token_does_but_changes_nothing_without_its_word_and_its_own_origin()
    {
        (string Name, string? Csrf, string? Origin, string? Site, bool Safe, bool Unsafe)[] pages =
        [
            ("our own page", Cookies.Csrf, "https://sallyport.example", "same-origin", true, true),
            ("no word", null, "https://sallyport.example", "same-origin", true, false),
            ("wrong word", "other", "https://sallyport.example", "same-origin", true, false),
            ("no origin", Cookies.Csrf, null, null, true, false),
            ("foreign origin", Cookies.Csrf, "https://evil.example", null, false, false),
            ("same host, other scheme", Cookies.Csrf, "http://sallyport.example", null, false, false),
            ("null origin", Cookies.Csrf, "null", null, false, false),
            ("foreign by fetch metadata", Cookies.Csrf, "https://sallyport.example", "cross-site", false, false),
        ];
        foreach (AdminRouteInfo route in Routes().Where(route => route.Role != AdminRole.Anyone))
        {
            foreach ((string name, string? csrf, string? origin, string? site, bool safe, bool isUnsafe) in pages)
            {
                (HttpStatusCode status, string body) = await AskAsync(route, request => WithCookie(request, csrf, origin, site));
                bool expected = route.Method == HttpMethods.Get ? safe : isUnsafe;
                bool let = AdminRig.Word(body) is not ("origin-foreign" or "csrf-missing" or "role-missing") && status != HttpStatusCode.Unauthorized;
                Assert.True(expected == let, $"{route.Method} {route.Pattern}, {name}: {status} {body}");
            }
        }
    }

    [Fact]
    public async Task A_token_and_a_cookie_together_are_refused()
    {
        foreach (AdminRouteInfo route in Routes().Where(route => route.Role != AdminRole.Anyone))
        {
            (HttpStatusCode status, string body) = await AskAsync(route, request =>
            {
                WithCookie(request, Cookies.Csrf, "https://sallyport.example", null);
                Authorize(request, "Bearer " + AdminRig.Token("alice", AdminRig.Roles));
            });
            Assert.Equal((HttpStatusCode.BadRequest, "two-credentials"), (status, AdminRig.Word(body)));
        }
    }

    [Theory]
    [InlineData("agent", false)]
    [InlineData("service", false)]
    [InlineData("human", true)]
    public void Approving_is_for_persons(string kind, bool may)
    {
        var identity = new Contract.Identity
        {
            Subject = "x",
            Issuer = "i",
            Groups = ["approvers"],
            Kind = Enum.Parse<IdentityKind>(kind, ignoreCase: true),
            ExpiresAt = DateTimeOffset.MaxValue,
        };
        Assert.Equal(may, AdminRoles.Of(identity, AdminRig.Config.Roles, null).Has(AdminRole.Approver));
        Assert.False(AdminRoles.Of(identity with { ActingFor = ["boss"] }, AdminRig.Config.Roles, null).Has(AdminRole.Approver));
    }

    [Fact]
    public void A_token_s_scope_takes_roles_away_and_gives_none()
    {
        var identity = new Contract.Identity { Subject = "x", Issuer = "i", Groups = ["auditors"], ExpiresAt = DateTimeOffset.MaxValue };
        AdminRoleSet scoped = AdminRoles.Of(identity, AdminRig.Config.Roles, AdminRoles.OfScopes(["admin:viewer", "admin:administrator", "target:shop"]));
        Assert.Equal(["viewer"], scoped.Names);
        Assert.Empty(AdminRoles.Of(identity, AdminRig.Config.Roles, AdminRoles.OfScopes(["target:shop"])).Names);
    }

    /// <summary>CVE-2026-63329: no header says who anybody is, in whatever spelling.</summary>
    [Fact]
    public async Task No_header_makes_anybody_of_anyone()
    {
        string[] names =
        [
            "X-Warpgate-Username", "x_warpgate_username", "X-Remote-User", "Remote-User", "REMOTE_USER", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
            "X-Forwarded-Preferred-Username", "X-Auth-Request-User", "X-Auth-Request-Groups", "Impersonate-User", "Impersonate-Group", "X-User", "X-Sallyport-User", "Sallyport-User", "X-Client-Cert",
            "X-SSL-Client-S-DN", "X-Amzn-Oidc-Identity", "Cf-Access-Authenticated-User-Email", "X-Original-User", "X-HTTP-Method-Override",
        ];
        string token = AdminRig.Token("carol", AdminRole.Viewer);
        string plain = (await Rig.SendAsync(HttpMethod.Get, "/v1/me", token)).Body;
        foreach (string name in names)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/me");
            request.Headers.TryAddWithoutValidation(name, ["root", "administrators"]);
            request.Headers.TryAddWithoutValidation("Connection", name);
            using (HttpResponseMessage stranger = await Rig.Http.SendAsync(request))
                Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
            (HttpStatusCode status, string body) = await AskAsync(new("GET", "/v1/me", AdminRole.SignedIn, false, false), known =>
            {
                known.Headers.TryAddWithoutValidation(name, ["root", "administrators"]);
                Authorize(known, "Bearer " + token);
            });
            Assert.Equal((name, HttpStatusCode.OK, plain), (name, status, body));
        }
    }

    [Fact]
    public async Task A_token_in_the_address_is_no_credential()
    {
        (HttpStatusCode status, _) = await Rig.SendAsync(HttpMethod.Get, "/v1/me?access_token=" + AdminRig.Token("carol", AdminRole.Viewer), null);
        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task A_refused_role_is_audited()
    {
        await Rig.SendAsync(HttpMethod.Post, $"/v1/sessions/{Guid.NewGuid()}/terminate", AdminRig.Token("mallory", AdminRole.Auditor), new { reason = "because" });
        Assert.Contains(Rig.Audit.Noted, audit => audit is { Type: "admin.refused", Outcome: "refused", Actor.Subject: "mallory" });
    }

    private IEnumerable<AdminRouteInfo> Routes() => Rig.Server.Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<AdminRouteInfo>()!);

    private async Task<(HttpStatusCode Status, string Body)> AskAsync(AdminRouteInfo route, Action<HttpRequestMessage> with)
    {
        // Ids that are there for nobody: whoever is let in is told "not found", or what the form lacks.
        string path = Parameter().Replace(route.Pattern, match => match.Value.Contains("guid", StringComparison.Ordinal) ? Guid.Empty.ToString() : match.Value.Contains("int", StringComparison.Ordinal) ? "1" : "nobody");
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), path + "?reason=test&to=1");
        if (route.Method is "POST" or "PUT" or "PATCH")
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        with(request);
        // A stream that is let in has no end.
        using HttpResponseMessage response = await Rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (response.StatusCode, response.Content.Headers.ContentType?.MediaType == "application/problem+json" ? await response.Content.ReadAsStringAsync() : route.Pattern == "/v1/me" ? await response.Content.ReadAsStringAsync() : "{}");
    }

    private static void Authorize(HttpRequestMessage request, string? authorization)
    {
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
    }

    private static void WithCookie(HttpRequestMessage request, string? csrf, string? origin, string? site)
    {
        request.Headers.Add("Cookie", $"{AdminAuthentication.Cookie}={Cookies.Value}");
        foreach ((string name, string? value) in new[] { (AdminAuthentication.CsrfHeader, csrf), ("Origin", origin), ("Sec-Fetch-Site", site) })
        {
            if (value is not null)
                request.Headers.Add(name, value);
        }
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    /// <summary>One session, of somebody with every role.</summary>
    private sealed class Cookies : IAdminSessions
    {
        public const string Value = "cookie-value";

        public const string Csrf = "csrf-value";

        private readonly string _token = AdminRig.Token("alice", AdminRig.Roles);

        public ValueTask<AdminSession?> FindAsync(string cookie, CancellationToken cancel) => new(cookie == Value ? new AdminSession(_token, Csrf) : null);
    }
}
