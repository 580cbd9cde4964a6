using System.Collections.Immutable;
using System.Xml;

namespace Sallyport.Proxy.Identity.Saml;

/// <summary>
/// Judges an assertion whose signature is verified: SAML core 2.3 to 2.7, and the rules of the web browser SSO profile (profiles 4.1.4.2,
/// 4.1.4.3). One subject, one confirmation, one set of conditions, one login; what may be there twice by the schema is refused.
/// </summary>
internal sealed class SamlAssertionReader(SamlProvider provider, DateTimeOffset now)
{
    private const string Ns = SamlNames.Assertion;

    /// <summary>The assertion; null with the word for it.</summary>
    /// <param name="answers">InResponseTo of the response around it.</param>
    public SamlAssertion? Read(XmlElement assertion, string? answers, out string? refusal)
    {
        refusal = SamlRefusals.Structure;
        if (assertion.GetAttribute("Version") != "2.0" || SamlXml.Attribute(assertion, "ID") is not { } id)
            return null;
        XmlElement? subject = SamlXml.Only(assertion, Ns, "Subject"), conditions = SamlXml.Only(assertion, Ns, "Conditions"), login = SamlXml.Only(assertion, Ns, "AuthnStatement");
        if (subject is null || conditions is null || login is null)
            return null;

        refusal = RefuseOrigin(assertion) ?? RefuseConditions(conditions) ?? RefuseConfirmation(subject, answers) ?? RefuseLogin(login);
        if (refusal is not null)
            return null;

        refusal = SamlRefusals.Claims;
        XmlElement? nameId = SamlXml.Only(subject, Ns, "NameID");
        if (SamlAttributes.Read(assertion, provider.Attributes) is not { } attributes || Visible(SamlXml.Name(nameId)) is not { } name || !IsOurs(nameId!))
            return null;
        // A transient name is another one tomorrow: nobody, for policy and audit.
        string? format = SamlXml.Attribute(nameId!, "Format");
        string? who = provider.Attributes.Subject is not null ? attributes.Subject : format == SamlNames.TransientFormat ? null : name;
        if (who is null)
            return null;

        XmlElement data = SamlXml.Only(SamlXml.Only(subject, Ns, "SubjectConfirmation"), Ns, "SubjectConfirmationData")!;
        DateTimeOffset end = SamlTime.Parse(data.GetAttribute("NotOnOrAfter"))!.Value;
        DateTimeOffset conditionsEnd = SamlTime.Parse(conditions.GetAttribute("NotOnOrAfter")) ?? end;
        refusal = null;
        return new SamlAssertion
        {
            Provider = provider.Name,
            Issuer = provider.Idp.EntityId,
            Id = id,
            NameId = name,
            NameIdFormat = format,
            Subject = who,
            Email = attributes.Email,
            Name = attributes.Name,
            Groups = attributes.Groups,
            AuthenticatedAt = SamlTime.Parse(login.GetAttribute("AuthnInstant"))!.Value,
            AuthnContext = SamlXml.Name(SamlXml.Only(SamlXml.Only(login, Ns, "AuthnContext"), Ns, "AuthnContextClassRef")),
            SessionIndex = SamlXml.Attribute(login, "SessionIndex"),
            SessionEndsAt = SamlTime.Parse(login.GetAttribute("SessionNotOnOrAfter")),
            NotOnOrAfter = end < conditionsEnd ? end : conditionsEnd,
            InResponseTo = SamlXml.Attribute(data, "InResponseTo"),
        };
    }

    private string? RefuseOrigin(XmlElement assertion)
    {
        if (!SamlIssuer.Is(SamlXml.Only(assertion, Ns, "Issuer"), provider.Idp.EntityId))
            return SamlRefusals.Issuer;
        if (SamlTime.Parse(assertion.GetAttribute("IssueInstant")) is not { } issued)
            return SamlRefusals.Structure;
        return issued - now > provider.ClockSkew ? SamlRefusals.NotYetValid : null;
    }

    /// <summary>SAML core 2.5. A condition that is not understood leaves the assertion's validity open (2.5.1.1): refused.</summary>
    private string? RefuseConditions(XmlElement conditions)
    {
        if (RefuseTimes(conditions, endRequired: false) is { } wrong)
            return wrong;
        bool audience = false;
        foreach (XmlElement condition in SamlXml.Children(conditions))
        {
            if (SamlXml.Is(condition, Ns, "AudienceRestriction"))
            {
                // 2.5.1.4: any audience of a restriction, every restriction.
                if (!SamlXml.Children(condition, Ns, "Audience").Any(a => SamlXml.Name(a) == provider.Sp.EntityId))
                    return SamlRefusals.Audience;
                audience = true;
            }
            else if (!SamlXml.Is(condition, Ns, "OneTimeUse") && !SamlXml.Is(condition, Ns, "ProxyRestriction"))
            {
                return SamlRefusals.Conditions;
            }
        }

        return audience ? null : SamlRefusals.Audience;
    }

    /// <summary>SAML profiles 4.1.4.2: bearer, addressed to us, with an end and without a beginning, for the request it answers.</summary>
    private string? RefuseConfirmation(XmlElement subject, string? answers)
    {
        XmlElement? confirmation = SamlXml.Only(subject, Ns, "SubjectConfirmation");
        if (SamlXml.Only(confirmation, Ns, "SubjectConfirmationData") is not { } data
            || confirmation!.GetAttribute("Method") != SamlNames.Bearer
            || data.HasAttribute("NotBefore")
            || SamlXml.Children(data).Any())
            return SamlRefusals.Confirmation;
        if (SamlXml.Attribute(data, "Recipient") != provider.Sp.AssertionConsumerUrl)
            return SamlRefusals.Recipient;
        if (RefuseTimes(data, endRequired: true) is { } wrong)
            return wrong;
        if (SamlXml.Attribute(data, "InResponseTo") != answers)
            return SamlRefusals.RequestUnknown;
        return data.HasAttribute("InResponseTo") == (answers is not null) ? null : SamlRefusals.Structure;
    }

    private string? RefuseLogin(XmlElement login)
    {
        if (SamlTime.Parse(login.GetAttribute("AuthnInstant")) is not { } instant)
            return SamlRefusals.Structure;
        if (instant - now > provider.ClockSkew)
            return SamlRefusals.NotYetValid;
        if (!login.HasAttribute("SessionNotOnOrAfter"))
            return null;
        if (SamlTime.Parse(login.GetAttribute("SessionNotOnOrAfter")) is not { } end)
            return SamlRefusals.Structure;
        return now - end >= provider.ClockSkew ? SamlRefusals.Expired : null;
    }

    private string? RefuseTimes(XmlElement element, bool endRequired)
    {
        DateTimeOffset? begin = SamlTime.Parse(element.GetAttribute("NotBefore")), end = SamlTime.Parse(element.GetAttribute("NotOnOrAfter"));
        if (begin is null == element.HasAttribute("NotBefore") || (end is null && (endRequired || element.HasAttribute("NotOnOrAfter"))))
            return SamlRefusals.Structure;
        // Differences here and below: sums may leave the range of times.
        if (begin is not null && begin - now > provider.ClockSkew)
            return SamlRefusals.NotYetValid;
        if (end is not null && now - end >= provider.ClockSkew)
            return SamlRefusals.Expired;
        return endRequired && end - now > SamlLimits.LongestValidity ? SamlRefusals.LifetimeTooLong : null;
    }

    /// <summary>The format that was asked for, and a name within our own namespace when it says which (SAML core 2.2.2).</summary>
    private bool IsOurs(XmlElement nameId) =>
        (provider.NameIdFormat is null || nameId.GetAttribute("Format") == provider.NameIdFormat)
        && (nameId.GetAttributeNode("SPNameQualifier", "") is not { } qualifier || qualifier.Value == provider.Sp.EntityId);

    private static string? Visible(string? text) => text is not null && SamlText.IsVisible(text) ? text : null;
}

/// <summary>The attributes an identity is made of.</summary>
internal sealed record SamlAttributes(string? Subject, string? Email, string? Name, ImmutableArray<string> Groups)
{
    /// <summary>
    /// Reads them from the attribute statements; null when one of them is there twice, holds more than one text, or anything but texts.
    /// Attributes that nobody asked about are not looked at.
    /// </summary>
    public static SamlAttributes? Read(XmlElement assertion, SamlAttributeNames names)
    {
        Dictionary<string, ImmutableArray<string>> found = new(StringComparer.Ordinal);
        string?[] wanted = [names.Subject, names.Email, names.Name, names.Groups];
        foreach (XmlElement attribute in SamlXml.Children(assertion, SamlNames.Assertion, "AttributeStatement").SelectMany(SamlXml.Children))
        {
            // An EncryptedAttribute is not opened; if it is one of these, it is missing.
            if (!SamlXml.Is(attribute, SamlNames.Assertion, "Attribute") || SamlXml.Attribute(attribute, "Name") is not { } name || !wanted.Contains(name))
                continue;
            if (Values(attribute) is not { } values || !found.TryAdd(name, values))
                return null;
        }

        ImmutableArray<string> Of(string? name) => name is not null && found.TryGetValue(name, out ImmutableArray<string> values) ? values : [];
        ImmutableArray<string> subject = Of(names.Subject), email = Of(names.Email), display = Of(names.Name);
        return subject.Length > 1 || email.Length > 1 || display.Length > 1
            ? null
            : new SamlAttributes(subject.FirstOrDefault(), email.FirstOrDefault(), display.FirstOrDefault(), Of(names.Groups));
    }

    private static ImmutableArray<string>? Values(XmlElement attribute)
    {
        ImmutableArray<string>.Builder values = ImmutableArray.CreateBuilder<string>();
        foreach (XmlElement child in SamlXml.Children(attribute))
        {
            bool empty = child.ChildNodes.Count == 0;
            if (!SamlXml.Is(child, SamlNames.Assertion, "AttributeValue") || values.Count == SamlLimits.Groups)
                return null;
            if (empty)
                continue;
            if (SamlXml.Name(child) is not { } value || !SamlText.IsVisible(value))
                return null;
            values.Add(value);
        }

        return values.DrainToImmutable();
    }
}
