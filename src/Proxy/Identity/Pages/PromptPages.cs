using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Broker;

namespace Sallyport.Proxy.Identity.Pages;

/// <summary>Where a person confirms that the client which waits is theirs.</summary>
internal sealed class PromptPages(BrokerConfig config, PromptDesk prompts, FormGuard guard, LoginSessions sessions, Persons persons, IAudit audit, TimeProvider time)
{
    private const string Title = "Sign a client in";

    /// <summary>Wrong codes, per person and source: only those who are signed in may try at all.</summary>
    private readonly AttemptLimiter _attempts = new(time, TimeSpan.FromMinutes(10), perKey: 10, inAll: 1000);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/prompt", (HttpContext http, CancellationToken cancel) => PromptAsync(http, http.Request.Query["code"].ToString(), null, cancel));
        routes.MapPost("/prompt", AnswerAsync);
        routes.MapGet("/device/done", () => Done("The program is signed in. You may close this page and go back to it."));
        routes.MapGet("/device/refused", () => Done("The program was refused. Nobody was signed in."));
    }

    private async Task<IResult> PromptAsync(HttpContext http, string code, IFormCollection? form, CancellationToken cancel)
    {
        string? shown = code.Length <= 16 ? code : null;
        if (await sessions.FindAsync(http, cancel).ConfigureAwait(false) is not { } login || await persons.FindAsync(login.Subject, cancel).ConfigureAwait(false) is not { } person)
            return Results.Redirect(QueryHelpers.AddQueryString("/sign-in", SignInPages.ReturnToField, shown is null ? "/" : QueryHelpers.AddQueryString("/prompt", "code", shown)));
        string source = AttemptLimiter.SourceOf(http.Connection.RemoteIpAddress);
        if (!_attempts.HasRoom(source) || !_attempts.HasRoom(person.Subject))
            return PageResult.Error("Too many codes have been tried. Wait ten minutes.", StatusCodes.Status429TooManyRequests);
        PromptFacts? facts = shown is null ? null : await prompts.FindAsync(shown, cancel).ConfigureAwait(false);
        if (facts is null)
        {
            _attempts.TryTake(source);
            _attempts.TryTake(person.Subject);
            return PageResult.Error("This code is not known, has been used, or is too old. Let the client connect again.");
        }

        if (!facts.IsFor(person))
            return PageResult.Error($"You are signed in as {person.Subject}, and the client waits for somebody else ({facts.ClaimedUser}). Sign out and in as them, or connect with your own user name.", StatusCodes.Status403Forbidden);
        if (form is null)
            return Confirm(http, code, facts, person);
        bool yes = form["answer"] == "yes";
        await audit.KeepAsync(
            new AuditEvent(yes ? AuditTypes.LoginSucceeded : AuditTypes.LoginRefused, new AuditActor(person.Subject, config.Issuer, [], http.Connection.RemoteIpAddress))
            {
                Outcome = yes ? "success" : "refused",
                Target = facts.Target,
                Details = new Dictionary<string, string> { ["source"] = facts.Source, ["client"] = facts.Client },
            },
            cancel).ConfigureAwait(false);
        if (!await prompts.AnswerAsync(code, person, login, yes, cancel).ConfigureAwait(false))
            return PageResult.Error("This was too late. Let the client connect again.");
        return Done(yes ? "The client is signed in. You may close this page and go back to it." : "The client was refused. Nobody was signed in.");
    }

    private async Task<IResult> AnswerAsync(HttpContext http, CancellationToken cancel) =>
        await guard.ReadAsync(http, cancel).ConfigureAwait(false) is { } form
            ? await PromptAsync(http, form["code"].ToString(), form, cancel).ConfigureAwait(false)
            : SignInPages.Foreign();

    private PageResult Confirm(HttpContext http, string code, PromptFacts facts, Person person) => PageResult.Of(
        Title,
        main => main
            .Element("p", $"You are signed in as {person.Subject}. A client waits to be signed in as you:")
            .Element("dl", list =>
            {
                PageParts.Fact(list, "Client", facts.Client.Length > 0 ? facts.Client : "it does not say");
                PageParts.Fact(list, "It connects from", facts.Source);
                PageParts.Fact(list, "To reach", facts.Target);
                PageParts.Fact(list, "Code", code);
            })
            .Element("p", "Compare the code with the one that your own client shows. If somebody gave you this link, by mail, chat or telephone, refuse: they would be signed in as you.", ("class", "warning"))
            .Element(
                "form",
                form =>
                {
                    guard.Write(form, http);
                    PageParts.Hidden(form, "code", code);
                    PageParts.Button(form, "The code is the same: sign it in", "answer", "yes");
                    PageParts.Button(form, "Refuse", "answer", "no");
                },
                ("method", "post"), ("action", "/prompt")));

    private static PageResult Done(string text) => PageResult.Of("Done", main => main.Element("p", text));
}
