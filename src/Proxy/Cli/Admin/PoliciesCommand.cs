using System.CommandLine;
using Sallyport.Contract;
using Sallyport.Policy.Explaining;
using Sallyport.Proxy.Admin.Policies;
using Sallyport.Proxy.Admin.Routes;

namespace Sallyport.Proxy.Cli.Admin;

/// <summary><c>sallyport policies</c>: what is in force, drafts, and publishing.</summary>
internal static class PoliciesCommand
{
    public static Command Create() => new("policies", "Policy in force, drafts, and publishing") { List(), Show(), Check(), Diff(), Draft(), Publish(), Export(), Import(), Explain() };

    private static Command List() => AdminVerb.Create("list", "List what is in force, and what waits", [], async context =>
    {
        PoliciesJson all = await context.Client.GetAsync<PoliciesJson>("/v1/policies", context.Cancel).ConfigureAwait(false);
        if (context.Output.IsJson)
        {
            context.Output.Json(all);
            return ExitCode.Done;
        }

        context.Output.Text.WriteLine($"digest {all.Digest}, {all.Documents} documents");
        IEnumerable<(string Name, string From, string State)> rows =
        [
            .. all.Files.Select(file => (file, "file", "in force")),
            .. all.Stored.Select(name => (name.Name, "store", $"{(name.Published is { } version ? $"version {version} in force" : "not in force")}{(name.Drafts.Count > 0 ? $", drafts {string.Join(", ", name.Drafts)}" : "")}")),
        ];
        context.Output.Table([.. rows], ["NAME", "FROM", "STATE"], row => [row.Name, row.From, row.State]);
        return ExitCode.Done;
    });

    private static Command Show()
    {
        Argument<string> name = Options.Name("policy");
        Option<int?> version = new("--version") { Description = "Which version; the one in force by default", HelpName = "VERSION" };
        return AdminVerb.Create("show", "Print a policy of the store", [name, version], async context =>
        {
            PolicyVersionJson shown = await VersionAsync(context, context.Value(name), context.Value(version)).ConfigureAwait(false);
            if (context.Output.IsJson)
                context.Output.Json(shown);
            else
                context.Output.Text.Write(shown.Yaml);
            return ExitCode.Done;
        });
    }

    private static Command Check()
    {
        Argument<FileInfo> file = new("file") { Description = "The text", HelpName = "FILE" };
        Option<string> name = new("--name") { Description = "What it is called; the file's name by default", HelpName = "NAME" };
        return AdminVerb.Create("check", "Say what is wrong with a text", [file, name], async context =>
        {
            FileInfo text = context.Value(file);
            var body = new PolicyTextJson(context.Value(name) ?? Path.GetFileNameWithoutExtension(text.Name), await File.ReadAllTextAsync(text.FullName, context.Cancel).ConfigureAwait(false));
            PolicyCheckJson check = await context.Client.SendAsync<PolicyCheckJson>(HttpMethod.Post, "/v1/policies/check", body, context.Cancel).ConfigureAwait(false);
            context.Output.Done(check, string.Join('\n', [.. check.Diagnostics, check.IsFit ? "it could be put into force" : "it could not be put into force"]));
            return check.IsFit ? ExitCode.Done : ExitCode.Failed;
        });
    }

    private static Command Diff()
    {
        Argument<string> name = Options.Name("policy");
        Argument<int> to = new("version") { Description = "To which version", HelpName = "VERSION" };
        Option<int?> from = new("--from") { Description = "From which version; the one in force by default", HelpName = "VERSION" };
        return AdminVerb.Create("diff", "Show what changed between two versions", [name, to, from], async context =>
        {
            string path = AdminClient.Query(AdminClient.Path($"/v1/policies/stored/{context.Value(name)}/diff"), ("to", context.Value(to)), ("from", context.Value(from)));
            PolicyDiffJson diff = await context.Client.GetAsync<PolicyDiffJson>(path, context.Cancel).ConfigureAwait(false);
            context.Output.Done(diff, diff.Diff);
            return ExitCode.Done;
        });
    }

    private static Command Draft()
    {
        Argument<string> name = Options.Name("policy");
        Option<FileInfo?> file = new("--file", "-f") { Description = "The text; without it the policy is to be withdrawn", HelpName = "FILE" };
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("draft", "Write a new version, for somebody else to publish", [name, file, reason], async context =>
        {
            string text = context.Value(file) is { } from ? await File.ReadAllTextAsync(from.FullName, context.Cancel).ConfigureAwait(false) : "";
            return await DraftAsync(context, context.Value(name), text, context.Value(reason)!).ConfigureAwait(false);
        });
    }

    private static Command Publish()
    {
        Argument<string> name = Options.Name("policy");
        Argument<int> version = new("version") { Description = "Which version", HelpName = "VERSION" };
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("publish", "Put a draft of somebody else into force", [name, version, reason], async context =>
        {
            string path = AdminClient.Path($"/v1/policies/stored/{context.Value(name)}/{context.Value(version)}/publish");
            PolicyVersionJson published = await context.Client.SendAsync<PolicyVersionJson>(HttpMethod.Post, path, new ReasonJson(context.Value(reason)!), context.Cancel).ConfigureAwait(false);
            context.Output.Done(published, $"{published.Name} {published.Version}: {published.Status}");
            return ExitCode.Done;
        });
    }

    private static Command Export()
    {
        Argument<DirectoryInfo> directory = new("directory") { Description = "Where to; a file for each policy of the store", HelpName = "DIRECTORY" };
        return AdminVerb.Create("export", "Write the published policies of the store to files", [directory], async context =>
        {
            PoliciesJson all = await context.Client.GetAsync<PoliciesJson>("/v1/policies", context.Cancel).ConfigureAwait(false);
            context.Value(directory).Create();
            foreach (PolicyNameJson name in all.Stored.Where(name => name.Published is not null))
            {
                // The server's word is not enough to make a path of.
                if (!Configuration.ConfigReader.IsName(name.Name))
                    throw new AdminClientException($"\"{name.Name}\" is no name of a policy.");
                PolicyVersionJson version = await VersionAsync(context, name.Name, name.Published).ConfigureAwait(false);
                string path = Path.Combine(context.Value(directory).FullName, $"{name.Name}.yaml");
                await File.WriteAllTextAsync(path, version.Yaml, context.Cancel).ConfigureAwait(false);
                context.Output.Text.WriteLine(path);
            }

            return ExitCode.Done;
        });
    }

    private static Command Import()
    {
        Argument<FileInfo[]> files = new("files") { Description = "YAML files; each becomes a draft of its name", HelpName = "FILE", Arity = ArgumentArity.OneOrMore };
        Option<string> reason = Options.Reason();
        return AdminVerb.Create("import", "Make drafts of files", [files, reason], async context =>
        {
            int code = ExitCode.Done;
            foreach (FileInfo file in context.Value(files))
            {
                string text = await File.ReadAllTextAsync(file.FullName, context.Cancel).ConfigureAwait(false);
                code = Math.Max(code, await DraftAsync(context, Path.GetFileNameWithoutExtension(file.Name), text, context.Value(reason)!).ConfigureAwait(false));
            }

            return code;
        });
    }

    private static Command Explain()
    {
        Option<string> subject = new("--subject", "-s") { Description = "Who would act", HelpName = "SUBJECT", Required = true };
        Option<string[]> groups = Subject.GroupsOption();
        Option<IdentityKind> kind = Subject.KindOption();
        Option<string> target = new("--target", "-t") { Description = "On which target", HelpName = "TARGET", Required = true };
        Option<string> database = new("--database", "-d", "--account") { Description = "In which database, or as which account", HelpName = "NAME" };
        var intent = new IntentOptions();
        Option<string> draft = new("--draft") { Description = "By this draft instead of the policy in force: NAME:VERSION", HelpName = "NAME:VERSION" };
        return AdminVerb.Create("explain", "Say how policy judges what somebody would do, and why; without anything to do, their login", [subject, groups, kind, target, database, draft, .. intent.All], async context =>
        {
            var body = new ExplainJson(intent.Read(context.Parsed))
            {
                Subject = context.Value(subject)!,
                Target = context.Value(target)!,
                Groups = Subject.Groups(context.Value(groups)),
                Kind = context.Value(kind),
                Database = context.Value(database),
                Draft = DraftName(context.Value(draft)),
            };
            ExplainedJson explained = await context.Client.SendAsync<ExplainedJson>(HttpMethod.Post, "/v1/policies/explain", body, context.Cancel).ConfigureAwait(false);
            if (context.Output.IsJson)
                context.Output.Json(explained);
            foreach (ExplainedAction one in context.Output.IsJson ? [] : explained.Actions)
            {
                context.Output.Text.WriteLine($"== {AdminOutput.Safe(one.Action)}");
                ExplanationText.Write(context.Output.Text, one.Explanation);
            }

            return explained.Actions.Any(one => one.Explanation.Verdict == VerdictKind.Deny) ? ExitCode.Denied
                : explained.Actions.Any(one => one.Explanation.Verdict == VerdictKind.Hold) ? ExitCode.Held
                : ExitCode.Done;
        });
    }

    private static async Task<int> DraftAsync(AdminContext context, string name, string text, string reason)
    {
        PolicyVersionJson draft = await context.Client.SendAsync<PolicyVersionJson>(
            HttpMethod.Post, AdminClient.Path($"/v1/policies/stored/{name}"), new PolicyDraftJson(text, reason), context.Cancel).ConfigureAwait(false);
        context.Output.Done(draft, string.Join('\n', [.. draft.Diagnostics ?? [], $"{draft.Name}: draft {draft.Version}{(draft.IsFit == false ? ", which could not be put into force" : "")}"]));
        return draft.IsFit == false ? ExitCode.Failed : ExitCode.Done;
    }

    private static async Task<PolicyVersionJson> VersionAsync(AdminContext context, string name, int? version)
    {
        if (version is null)
        {
            PoliciesJson all = await context.Client.GetAsync<PoliciesJson>("/v1/policies", context.Cancel).ConfigureAwait(false);
            version = all.Stored.FirstOrDefault(stored => stored.Name == name)?.Published ?? throw new AdminClientException($"No version of {name} is in force: say --version.");
        }

        return await context.Client.GetAsync<PolicyVersionJson>(AdminClient.Path($"/v1/policies/stored/{name}/{version.Value}"), context.Cancel).ConfigureAwait(false);
    }

    private static PolicyVersionName? DraftName(string? text)
    {
        if (text is null)
            return null;
        int colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text[(colon + 1)..], out int version)
            ? new PolicyVersionName(text[..colon], version)
            : throw new AdminClientException("--draft is written NAME:VERSION.");
    }
}
